/* SPDX-License-Identifier: MIT */
/*
 * The address ranges of a DIE, from low_pc/high_pc, .debug_ranges or .debug_rnglists.  Ranges of
 * discarded code, empty and reversed ones are left out.
 */
#ifndef CTRACE_SYMBOLIZE_DWARF_RANGES_H
#define CTRACE_SYMBOLIZE_DWARF_RANGES_H

#include "symbolize/dwarf_forms.h"

#define DWARF_MAX_RANGES ((size_t)1 << 20) /* of one DIE */

/* The attributes that say where a DIE's code is. */
struct dwarf_pc_values {
	struct dwarf_value low;
	struct dwarf_value high;
	struct dwarf_value ranges;
};

struct dwarf_range_iter {
	const struct dwarf_unit *unit;
	struct dwarf_cursor cursor; /* in the list; empty for a single range */
	uint64_t base;
	uint64_t low;
	uint64_t high;
	size_t nr_left;
	bool is_single;
	bool is_v5;
};

void dwarf_range_iter_init(struct dwarf_range_iter *iter, const struct dwarf_unit *unit,
			   const struct dwarf_pc_values *values);
/* The next range [low, high); false at the end. */
bool dwarf_range_iter_next(struct dwarf_range_iter *iter, uint64_t *ret_low, uint64_t *ret_high);

#endif
