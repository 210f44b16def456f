/* SPDX-License-Identifier: MIT */
/* Searching a finished table, step for step as the kernel does (bpf/walk_step.h). */
#include "unwind/table.h"

static const struct unwind_rule gap_rule = {.cfa_kind = CFA_NONE, .x = NONE_GAP};

void unwind_rule_at(const struct unwind_rule *rule, uint32_t distance, struct unwind_rule *ret_rule)
{
	*ret_rule = *rule;
	if (distance > CTRACE_RAMP_SPAN)
		distance = CTRACE_RAMP_SPAN;
	if (rule->ramp_mask) {
		int32_t step = 8 * __builtin_popcount(rule->ramp_mask & ((1u << distance) - 1));

		ret_rule->cfa_off += rule->flags & RULE_RAMP_DOWN ? -step : step;
		ret_rule->ramp_mask = 0;
		ret_rule->flags &= (uint8_t)~RULE_RAMP_DOWN;
	}
	if (rule->rbp_kind == RBP_CFA_FROM)
		ret_rule->rbp_kind = distance >= rule->rbp_step ? RBP_CFA : RBP_SAME;
	else if (rule->rbp_kind == RBP_CFA_UNTIL)
		ret_rule->rbp_kind = distance < rule->rbp_step ? RBP_CFA : RBP_SAME;
	if (ret_rule->rbp_kind != rule->rbp_kind) {
		ret_rule->rbp_step = 0;
		if (ret_rule->rbp_kind == RBP_SAME)
			ret_rule->rbp_off8 = 0;
	}
}

void unwind_table_lookup(const struct unwind_table *table, uint64_t vaddr,
			 struct unwind_rule *ret_rule)
{
	uint32_t low, high, row, key = CTRACE_ROW((uint32_t)vaddr & 0xffff, 0xffff);
	uint64_t block = (vaddr - table->vaddr_begin) >> CTRACE_BLOCK_SHIFT;

	if (vaddr < table->vaddr_begin || block >= table->nr_blocks) {
		*ret_rule = gap_rule;
		return;
	}
	low = table->index[block];
	high = table->index[block + 1];
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (table->rows[middle] <= key)
			low = middle + 1;
		else
			high = middle;
	}
	row = table->rows[low ? low - 1 : 0];
	unwind_rule_at(&table->rules[CTRACE_ROW_RULE(row)],
		       (uint16_t)((uint32_t)vaddr - CTRACE_ROW_PC16(row)), ret_rule);
}
