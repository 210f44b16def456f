/* SPDX-License-Identifier: MIT */
#include "unwind/row_builder.h"

#include "common/alloc.h"
#include "unwind/arch_x86_64.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE    ((uint32_t)1 << CTRACE_BLOCK_SHIFT)
#define NO_PLAIN_RULE UINT32_MAX

/* From here on only plain rows get new numbers, so that rare ramps cannot starve them. */
#define MAX_RAMP_RULES (CTRACE_MAX_RULES / 4 * 3)

/* pc16 distances are modulo this; a ramp must not be looked at from further away. */
#define DISTANCE_MODULUS ((uint32_t)1 << 16)

void row_builder_init(struct row_builder *b, bool no_ramps, size_t nr_rows)
{
	memset(b, 0, sizeof(*b));
	b->cap_rows = nr_rows;
	b->rows = xreallocarray(NULL, nr_rows, sizeof(*b->rows));
	b->no_ramps = no_ramps;
	b->last_plain = NO_PLAIN_RULE;
	rule_set_init(&b->rules);
}

void row_builder_release(struct row_builder *b)
{
	free(b->rows);
	rule_set_release(&b->rules);
}

static void append(struct row_builder *b, uint32_t pc, uint32_t rule)
{
	GROW_ARRAY(b->rows, b->nr_rows, b->cap_rows);
	b->rows[b->nr_rows++] = (struct built_row){.pc = pc, .rule = rule};
}

/* The number of a plain rule.  There is room for one RULES_FULL below the limit, always. */
static uint32_t plain_number(struct row_builder *b, struct unwind_rule *rule)
{
	uint32_t number;

	if (rule_set_add(&b->rules, rule, CTRACE_MAX_RULES - 1, &number) == 0)
		return number;
	*rule = (struct unwind_rule){.cfa_kind = CFA_NONE, .x = NONE_RULES_FULL};
	rule_set_add(&b->rules, rule, CTRACE_MAX_RULES, &number);
	return number;
}

/* The slot in which the row "@state, then @ramp" is remembered, if it is. */
static struct rule_memo *memo_slot(struct row_builder *b, const struct cfi_state *state,
				   uint64_t ramp)
{
	uint64_t key = (state->cfa ^ state->regs * 3 ^ ramp * 5) * 0x9e3779b97f4a7c15ull;

	return &b->memo[key >> (64 - RULE_MEMO_BITS)];
}

static bool memo_holds(const struct rule_memo *memo, const struct cfi_state *state, uint64_t ramp)
{
	/* Rule 0 is the gap's; an empty slot says the same of an all-zero state, which is none. */
	return memo->cfa == state->cfa && memo->regs == state->regs && memo->ramp == ramp &&
	       memo->rule;
}

static void memo_put(struct rule_memo *memo, const struct cfi_state *state, uint64_t ramp,
		     uint32_t rule)
{
	*memo = (struct rule_memo){
		.cfa = state->cfa, .regs = state->regs, .ramp = ramp, .rule = rule};
}

static void append_plain(struct row_builder *b, uint32_t pc, const struct cfi_state *state)
{
	struct rule_memo *memo = memo_slot(b, state, 0);
	const struct unwind_rule *known;
	struct unwind_rule rule;
	uint32_t number = memo->rule;

	if (!memo_holds(memo, state, 0)) {
		arch_plain_rule(state, &rule);
		number = plain_number(b, &rule);
		memo_put(memo, state, 0, number);
	}
	/* Different states can be one rule: everything after an undefined return address is. */
	if (number == b->last_plain)
		return;
	b->last_plain = number;
	append(b, pc, number);
	known = &b->rules.rules[number];
	if (number == 0) {
		b->gap_rows++;
		return;
	}
	b->cfi_rows++;
	if (known->cfa_kind == CFA_NONE)
		b->none[known->x]++;
}

/* The rule of the ramp in the making. */
static void ramp_rule(const struct row_builder *b, struct unwind_rule *rule)
{
	bool saved_first = cfi_rbp_kind(b->first.regs) == RBP_STATE_SAVED;

	arch_plain_rule(&b->first, rule);
	rule->ramp_mask = b->ramp_mask;
	if (b->direction < 0)
		rule->flags |= RULE_RAMP_DOWN;
	if (b->rbp_step) {
		rule->rbp_kind = saved_first ? RBP_CFA_UNTIL : RBP_CFA_FROM;
		rule->rbp_step = b->rbp_step;
		if (!saved_first)
			rule->rbp_off8 = (int16_t)(cfi_rbp_value(b->last.regs) / 8);
	}
}

/* No number left for the ramp: its steps as plain rows. */
static void append_steps(struct row_builder *b)
{
	struct cfi_state state = b->first;

	append_plain(b, b->open_pc, &state);
	for (uint32_t distance = 1; distance <= CTRACE_RAMP_SPAN; distance++) {
		bool steps = b->ramp_mask & 1u << (distance - 1);

		if (steps)
			state.cfa = cfi_cfa(CFA_REG, DW_REG_RSP,
					    cfi_cfa_off(state.cfa) + b->direction);
		if (distance == b->rbp_step)
			state.regs = b->last.regs;
		if (steps || distance == b->rbp_step)
			append_plain(b, b->open_pc + distance, &state);
	}
}

void row_builder_flush(struct row_builder *b, uint32_t next_pc)
{
	struct rule_memo *memo;
	struct unwind_rule rule;
	uint32_t number;
	uint64_t ramp;

	if (!b->is_open)
		return;
	b->is_open = false;
	if (!b->ramp_mask && !b->rbp_step) {
		append_plain(b, b->open_pc, &b->first);
		return;
	}
	/* Where RBP is saved in the end is in neither the first state nor the mask. */
	ramp = (uint64_t)(uint32_t)cfi_rbp_value(b->last.regs) << 32 | (uint64_t)b->rbp_step << 24 |
	       (uint64_t)(uint8_t)b->direction << 16 | b->ramp_mask;
	memo = memo_slot(b, &b->first, ramp);
	number = memo->rule;
	if (!memo_holds(memo, &b->first, ramp)) {
		ramp_rule(b, &rule);
		if (rule_set_add(&b->rules, &rule, MAX_RAMP_RULES, &number) < 0) {
			append_steps(b);
			return;
		}
		memo_put(memo, &b->first, ramp, number);
	}
	b->cfi_rows += b->open_cfi_rows;
	b->last_plain = NO_PLAIN_RULE;
	append(b, b->open_pc, number);
	if (next_pc - b->open_pc >= DISTANCE_MODULUS) {
		uint32_t boundary = (b->open_pc + CTRACE_RAMP_SPAN + BLOCK_SIZE) &
				    ~(BLOCK_SIZE - 1);

		append_plain(b, boundary, &b->last);
		b->cfi_rows--; /* it repeats the ramp's last state */
	}
}
