/* SPDX-License-Identifier: MIT */
/*
 * Code nobody describes, cut into blocks, and how deep the stack is at each one's first
 * instruction.  What runs one behind the other shares one unknown; a return says what it is, as
 * does a function's beginning.  Knows bytes only, and nothing of RBP: that is code_flow.c's.
 */
#ifndef CTRACE_UNWIND_CODE_BLOCKS_H
#define CTRACE_UNWIND_CODE_BLOCKS_H

#include "unwind/x86_code.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NO_BLOCK      UINT32_MAX
#define MAX_DEPTH     (1 << 24)
#define DEPTH_UNKNOWN 0
#define RETURN_BYTES  8 /* the return address, all there is at a function's first instruction */

/* How control leaves a block. */
enum block_end {
	BLOCK_FALLS, /* into the next one */
	BLOCK_CALLS, /* and comes back to the next one, if it does */
	BLOCK_LOSES, /* falls, with a stack pointer whose distance is lost */
	BLOCK_BRANCHES,
	BLOCK_JUMPS,
	BLOCK_LEAVES, /* jumps wherever */
	BLOCK_RETURNS,
	BLOCK_ENDS,
};

/* Where a block comes from, and what is known of it. */
#define BLOCK_IS_ENTRY	    1  /* a function begins here: somebody calls it or has its address */
#define BLOCK_IS_APART	    2  /* nothing runs into it from above */
#define BLOCK_IS_BEHIND_PAD 4  /* padding is above it */
#define BLOCK_IS_LOST	    8  /* its stack pointer's distance from the CFA is no constant */
#define BLOCK_IS_KNOWN	    16 /* of a set's root: its depth is known */

struct code_block {
	uint32_t begin, end;
	uint32_t target; /* of its branch or jump; NO_BLOCK: elsewhere */
	int32_t grows;	 /* by how much the stack is deeper at its end */
	/* Of the sets of blocks whose depths hang together: depth = that of the parent + more. */
	uint32_t parent;
	int32_t more;
	int32_t depth; /* at its begin; while depths are sought, of the set's root */
	int32_t found;
	uint8_t end_kind;
	uint8_t flags;
};

struct code_blocks {
	const uint8_t *code;
	uint32_t size;
	uint32_t skew;		   /* of code[0], from where functions may begin */
	struct code_block *blocks; /* ascending */
	uint32_t nr;
	/* Scratch, kept for the next stretch of code. */
	uint8_t *seen; /* length of the instruction that begins here, and whether it tells anything
			*/
	uint64_t *leaders; /* a bit for each byte: a block begins here */
	uint64_t *entries; /* a bit for each byte: a function begins here */
	uint64_t *apart;   /* a bit for each byte: see BLOCK_IS_APART */
	uint32_t *rank;	   /* leaders below each word of the bits */
	uint32_t cap_size, cap_blocks;
};

/*
 * Cuts the @size bytes at @code, which run at @vaddr and are borrowed until the next call.
 * @entries: where functions begin, as positions.
 */
void code_blocks_cut(struct code_blocks *blocks, const uint8_t *code, uint32_t size, uint64_t vaddr,
		     const uint32_t *entries, size_t nr_entries);

/* Finds the depths: of each block, or DEPTH_UNKNOWN. */
void code_blocks_find_depths(struct code_blocks *blocks);

void code_blocks_release(struct code_blocks *blocks);

/* The instruction at @pos, where one begins.  Of those that tell nothing, the length alone. */
struct x86_insn code_blocks_insn(const struct code_blocks *blocks, uint32_t pos);

/* Where control goes from @block by its fall, and how: NO_BLOCK if it does not. */
uint32_t code_blocks_next(const struct code_blocks *blocks, uint32_t block);

#endif
