/* SPDX-License-Identifier: MIT */
/*
 * Stacks one frame a line, leaf first, as bpftrace and DTrace print their maps and perf script its
 * samples (perf_script.h), before anybody folds them:
 *
 *	@[                              libc.so.1`malloc+0x1c
 *	    malloc+0                    app`main+0x9
 *	    main+12                     42
 *	, app]: 42
 *
 * Line by line; holds one stack.  Keys beside the stack become its outermost frames.
 */
#ifndef CTRACE_FLAMEGRAPH_STACK_BLOCKS_H
#define CTRACE_FLAMEGRAPH_STACK_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum stack_blocks_kind {
	STACK_BLOCKS_NONE,
	STACK_BLOCKS_BPFTRACE,
	STACK_BLOCKS_DTRACE,
	STACK_BLOCKS_PERF,
};

struct stack_blocks {
	enum stack_blocks_kind kind;
	char *frames; /* leaf first, each ends with NUL */
	size_t len, cap;
	char *keys; /* outermost first, each ends with NUL */
	size_t keys_len, keys_cap;
	bool open; /* between "@[" and "]: COUNT", or in a sample */
	bool in_sample, may_be_none;
	char *event; /* of perf's first sample; those of others are left out */
	uint64_t other_events;
	char *folded; /* what was handed out last */
	size_t folded_cap;
};

/* What the beginning of a text looks like. */
enum stack_blocks_kind stack_blocks_sniff(const char *text, size_t len);

void stack_blocks_init(struct stack_blocks *blocks, enum stack_blocks_kind kind);
void stack_blocks_release(struct stack_blocks *blocks);

/*
 * Takes a line, its end excluded.  True when it ends a stack, which is then told folded, root
 * first, until the next call; *ret_count is what follows it, of at most 2^63-1.
 */
bool stack_blocks_take(struct stack_blocks *blocks, const char *line, size_t len,
		       const char **ret_folded, size_t *ret_len, uint64_t *ret_count);
/* The same for a stack that only the end of the text ends. */
bool stack_blocks_end(struct stack_blocks *blocks, const char **ret_folded, size_t *ret_len,
		      uint64_t *ret_count);

#endif
