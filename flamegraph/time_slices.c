/* SPDX-License-Identifier: MIT */
#include "flamegraph/time_slices.h"

#include "common/alloc.h"

#include <stdlib.h>

void time_slices_add(struct time_slices *slices, uint32_t row, uint32_t slice, uint64_t value)
{
	GROW_ARRAY(slices->slices, slices->nr, slices->cap);
	slices->slices[slices->nr++] = (struct time_slice){row, slice, value};
}

static int compare_slices(const void *a, const void *b)
{
	const struct time_slice *left = a;
	const struct time_slice *right = b;

	if (left->row != right->row)
		return left->row < right->row ? -1 : 1;
	return (left->slice > right->slice) - (left->slice < right->slice);
}

void time_slices_sort(struct time_slices *slices, const uint32_t *new_rows)
{
	struct time_slice *rows = slices->slices;
	size_t nr = 0;

	for (size_t i = 0; i < slices->nr; i++)
		rows[i].row = new_rows[rows[i].row];
	if (slices->nr)
		qsort(rows, slices->nr, sizeof(*rows), compare_slices);
	for (size_t i = 0; i < slices->nr; i++) {
		if (nr && !compare_slices(&rows[nr - 1], &rows[i]))
			rows[nr - 1].value += rows[i].value;
		else
			rows[nr++] = rows[i];
	}
	slices->nr = nr;
}

const struct time_slice *time_slices_of(const struct time_slices *slices, uint32_t row,
					size_t *ret_nr)
{
	size_t low = 0, high = slices->nr, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (slices->slices[middle].row < row)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < slices->nr && slices->slices[end].row == row;)
		end++;
	*ret_nr = end - low;
	return slices->slices ? slices->slices + low : NULL;
}

void time_slices_release(struct time_slices *slices)
{
	free(slices->slices);
	*slices = (struct time_slices){0};
}
