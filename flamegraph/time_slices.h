/* SPDX-License-Identifier: MIT */
/*
 * When things were counted: values by (row, slice of time), kept where a recording kept time.  Rows
 * are whatever the owner counts in; it renames them once.
 */
#ifndef CTRACE_FLAMEGRAPH_TIME_SLICES_H
#define CTRACE_FLAMEGRAPH_TIME_SLICES_H

#include <stddef.h>
#include <stdint.h>

struct time_slice {
	uint32_t row;
	uint32_t slice;
	uint64_t value;
};

struct time_slices {
	struct time_slice *slices; /* after time_slices_sort(): by row, then slice; none twice */
	size_t nr, cap;
};

void time_slices_add(struct time_slices *slices, uint32_t row, uint32_t slice, uint64_t value);
/* Gives each row the number @new_rows has for it, sorts, and adds up what is then the same. */
void time_slices_sort(struct time_slices *slices, const uint32_t *new_rows);
/* Of a row, after sorting.  Sums of values must fit. */
const struct time_slice *time_slices_of(const struct time_slices *slices, uint32_t row,
					size_t *ret_nr);
void time_slices_release(struct time_slices *slices);

#endif
