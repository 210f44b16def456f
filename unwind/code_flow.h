/* SPDX-License-Identifier: MIT */
/*
 * How deep the stack is at every instruction of code nobody describes, found by following the code:
 * from the functions' first instructions on, and backward from returns, before which the stack must
 * be as deep as at the first instruction.  Knows bytes only: no ELF, no tables.
 */
#ifndef CTRACE_UNWIND_CODE_FLOW_H
#define CTRACE_UNWIND_CODE_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What holds before an instruction.  Distances are in bytes. */
struct flow_state {
	int32_t depth;	   /* CFA = rsp + depth; 0: not known */
	int32_t frame;	   /* CFA = rbp + frame, and better so; 0: RBP is no frame pointer */
	int32_t rbp_saved; /* RBP is saved at CFA - rbp_saved; 0: it is not */
	bool is_outermost; /* nobody called this: a function that clears RBP has no use for it */
};

static inline bool flow_state_equal(const struct flow_state *a, const struct flow_state *b)
{
	return a->depth == b->depth && a->frame == b->frame && a->rbp_saved == b->rbp_saved &&
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

/*
 * The next stretch of one state at or behind @pos, up to which it goes to *ret_end; false: there
 * is none.
 */
bool code_flow_next(const struct code_flow *flow, uint32_t pos, uint32_t *ret_begin,
		    uint32_t *ret_end, struct flow_state *ret_state);

#endif
