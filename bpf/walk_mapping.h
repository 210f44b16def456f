/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Which mapping a pc is in: the process's table, which may be a directory of tables, and what was
 * learned since.  Part of the step (walk_step.h, whose verifier notes hold here too).
 */
#ifndef CTRACE_BPF_WALK_MAPPING_H
#define CTRACE_BPF_WALK_MAPPING_H

#include "walk.h"
#include "walk_platform.h"

/* A binary search: enough halvings for the largest range, plus one for the empty remainder. */
#define MAPPING_SEARCH_STEPS 11
_Static_assert(1 << (MAPPING_SEARCH_STEPS - 1) >= CTRACE_MAX_MAPPINGS, "search covers the table");

/* Index of the last mapping that starts at or before @pc, or -1. */
WALK_FUNCTION int walk_find_mapping(uint32_t slot, uint64_t pc)
{
	const struct mapping_table *table = walk_mapping_table(slot);
	uint32_t low = 0, high;

	if (!table)
		return -1;
	high = table->nr;
	for (int i = 0; i < MAPPING_SEARCH_STEPS; i++) {
		uint32_t middle = (low + high) >> 1;

		if (low >= high)
			break;
		if (table->start[middle & (CTRACE_MAX_MAPPINGS - 1)] <= pc) {
			low = middle + 1;
			forget(low, pc);
		} else {
			high = middle;
			forget(high, pc);
		}
	}
	return (int)low - 1;
}

/* Entry of the last range in @slot's table that starts at or before @pc, or -1. */
WALK_INLINE int walk_search_table(const struct mapping_table *table, uint32_t slot, uint64_t pc,
				  uint32_t *ret_i)
{
	int found = walk_find_mapping(slot, pc);
	uint32_t i = (uint32_t)found & (CTRACE_MAX_MAPPINGS - 1);

	if (!table || found < 0)
		return -1;
	opaque(i);
	*ret_i = i & (CTRACE_MAX_MAPPINGS - 1);
	return 0;
}

/* The slot of the table that may cover @pc: @slot, or that of a page. */
WALK_INLINE uint32_t walk_find_page(uint32_t slot, uint64_t pc)
{
	const struct mapping_table *table = walk_mapping_table(slot);
	uint32_t i;

	if (!table || !table->is_directory)
		return slot;
	if (walk_search_table(table, slot, pc, &i) < 0)
		return PROCESS_NO_SLOT;
	return table->entry[i & (CTRACE_MAX_MAPPINGS - 1)].index_base;
}

/* Makes the mapping that covers @pc the one in hand, from our table.  0, or -1 if none does. */
WALK_INLINE int walk_look_up_mapping(struct walk *w, uint64_t pc)
{
	uint32_t slot = walk_find_page(w->slot, pc), i;
	const struct mapping_table *table = walk_mapping_table(slot);

	if (!table || walk_search_table(table, slot, pc, &i) < 0)
		return -1;
	i &= CTRACE_MAX_MAPPINGS - 1;
	if (pc >= table->entry[i].end)
		return -1;
	w->mapping_start = table->start[i];
	w->mapping_end = table->entry[i].end;
	w->mapping_bias = table->entry[i].bias;
	w->mapping_blob = table->entry[i].blob;
	w->mapping_index = table->entry[i].index_base;
	w->mapping_asked = w->in_doubt;
	return 0;
}

/* The same from our table or, failing that, from what was learned since. */
WALK_FUNCTION int walk_enter_mapping(struct walk *w, uint64_t pc)
{
	if (!w)
		return -1;
	if (pc - w->mapping_start < w->mapping_end - w->mapping_start)
		return 0;
	if (w->in_doubt && walk_ask_mapping(w, pc) == 0)
		return 0;
	if (walk_look_up_mapping(w, pc) == 0)
		return 0;
	return walk_ask_mapping(w, pc);
}

#endif
