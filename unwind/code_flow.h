/* SPDX-License-Identifier: MIT */
/*
 * What a stack looks like at every instruction of code nobody describes: how deep it is
 * (code_blocks.h), where RBP is saved, and what holds where the stack was realigned.  Knows bytes
 * only: no ELF, no tables.
 */
#ifndef CTRACE_UNWIND_CODE_FLOW_H
#define CTRACE_UNWIND_CODE_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How far a realigned stack can be told, which "lea 8(%rsp),%reg; and $-32,%rsp" begins: the
 * register is the CFA; RBP points into the frame, and to where the caller's is saved; the register
 * is saved too, and may be lost.
 */
enum realign_phase {
	REALIGN_NONE,
	REALIGN_BY_REGISTER, /* CFA = register */
	REALIGN_FRAMED,	     /* and RBP is saved at rbp+0 */
	REALIGN_SAVED,	     /* CFA = *(rbp + slot), RBP is saved at rbp+0 */
};

/* What holds before an instruction.  Distances are in bytes. */
struct flow_state {
	int32_t depth;	   /* CFA = rsp + depth; 0: not known */
	int32_t frame;	   /* CFA = rbp + frame, where depth is 0; 0: RBP is no frame pointer */
	int32_t rbp_saved; /* RBP is saved at CFA - rbp_saved; 0: it is not */
	int32_t slot;
	uint8_t phase;	   /* enum realign_phase, while depth and frame are 0 */
	uint8_t reg;	   /* as instructions number them */
	bool is_outermost; /* nobody called this: a function that begins by clearing RBP */
};

static inline bool flow_state_equal(const struct flow_state *a, const struct flow_state *b)
{
	return a->depth == b->depth && a->frame == b->frame && a->rbp_saved == b->rbp_saved &&
	       a->slot == b->slot && a->phase == b->phase && a->reg == b->reg &&
	       a->is_outermost == b->is_outermost;
}

struct code_flow;

struct code_flow *code_flow_new(void);
void code_flow_free(struct code_flow *flow);

/*
 * Follows the @size bytes at @code (at most 2^30), which run at @vaddr, borrowed until the next
 * call; what was followed before is forgotten.  @entries: positions where functions begin.
 */
void code_flow_follow(struct code_flow *flow, const uint8_t *code, uint32_t size, uint64_t vaddr,
		      const uint32_t *entries, size_t nr_entries);

/* Calls @take with every stretch [begin, end) of one state that is known, in ascending order. */
void code_flow_each(const struct code_flow *flow,
		    void (*take)(void *arg, uint32_t begin, uint32_t end,
				 const struct flow_state *state),
		    void *arg);

#endif
