/* SPDX-License-Identifier: MIT */
/*
 * From CFI rows to ramp rows: takes states in ascending order of address and folds runs of them
 * into single rows, as bpf/abi.h describes.  One builder serves one stretch of text; what it makes
 * is joined by table.c.
 */
#ifndef CTRACE_UNWIND_ROW_BUILDER_H
#define CTRACE_UNWIND_ROW_BUILDER_H

#include "unwind/cfi_state.h"
#include "unwind/rule_set.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A finished row's states and ramp, and the rule number they came to. */
struct rule_memo {
	uint64_t cfa;
	uint64_t regs;
	uint64_t ramp;
	uint32_t rule;
};

#define RULE_MEMO_BITS 9

/* A row before the table is laid out.  pc counts from the begin of the table. */
struct built_row {
	uint32_t pc;
	uint32_t rule;
};

struct row_builder {
	/* The row in the making, from open_pc on; its first and its latest state. */
	struct cfi_state first;
	struct cfi_state last;
	uint32_t open_pc;
	uint16_t ramp_mask;
	uint8_t rbp_step;
	int8_t direction; /* +8, -8, 0 = no step yet */
	bool is_open;
	bool no_ramps;

	uint32_t last_plain; /* rule number of the last row if that is plain, or ~0 */
	uint32_t open_cfi_rows;
	struct built_row *rows;
	size_t nr_rows;
	size_t cap_rows;
	struct rule_set rules;
	/* Rules come in hundreds, rows in hundreds of thousands: most are known already. */
	struct rule_memo memo[1 << RULE_MEMO_BITS];

	uint64_t cfi_rows;
	uint64_t gap_rows;
	uint64_t none[NR_UNWIND_NONE];
};

/* @nr_rows is how many rows to make room for at once. */
void row_builder_init(struct row_builder *b, bool no_ramps, size_t nr_rows);
void row_builder_release(struct row_builder *b);

/* Ends the row in the making; the next one begins at @next_pc, or nothing does (UINT32_MAX). */
void row_builder_flush(struct row_builder *b, uint32_t next_pc);

/* The state that means "no FDE". */
static inline struct cfi_state row_builder_gap(void)
{
	return (struct cfi_state){.cfa = cfi_cfa_none(NONE_GAP)};
}

/* Tries to make @state at @pc one more step of the row in the making. */
static inline bool row_builder_extend(struct row_builder *b, uint32_t pc,
				      const struct cfi_state *state)
{
	uint32_t distance = pc - b->open_pc;
	int64_t step = (int64_t)cfi_cfa_off(state->cfa) - cfi_cfa_off(b->last.cfa);

	if (distance > CTRACE_RAMP_SPAN || b->no_ramps || !cfi_cfa_is_rsp(state->cfa) ||
	    !cfi_cfa_is_rsp(b->last.cfa) || !cfi_regs_are_plain(state->regs) ||
	    !cfi_regs_are_plain(b->last.regs))
		return false;
	if (step) {
		if ((step != 8 && step != -8) || (b->direction && step != b->direction))
			return false;
	}
	if (state->regs != b->last.regs) {
		/* One change between unchanged and saved is all a rule has room for. */
		if (b->rbp_step || cfi_rbp_kind(state->regs) == cfi_rbp_kind(b->last.regs))
			return false;
		b->rbp_step = (uint8_t)distance;
	}
	if (step) {
		b->direction = (int8_t)step;
		b->ramp_mask |= (uint16_t)(1u << (distance - 1));
	}
	b->last = *state;
	b->open_cfi_rows++;
	return true;
}

/* @state holds from @pc on, which lies above the last one given. */
static inline void row_builder_add(struct row_builder *b, uint32_t pc,
				   const struct cfi_state *state)
{
	if (b->is_open) {
		if (state->cfa == b->last.cfa && state->regs == b->last.regs)
			return;
		if (row_builder_extend(b, pc, state))
			return;
		row_builder_flush(b, pc);
	}
	b->is_open = true;
	b->open_pc = pc;
	b->first = b->last = *state;
	b->ramp_mask = 0;
	b->rbp_step = 0;
	b->direction = 0;
	b->open_cfi_rows = 1;
}

#endif
