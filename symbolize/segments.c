/* SPDX-License-Identifier: MIT */
#include "symbolize/segments.h"

#include "common/alloc.h"
#include "common/cleanup.h"

#include <stdbool.h>
#include <stdlib.h>

/* The ranges open at the current address: a binary max-heap by rank with lazy deletion. */
struct open_ranges {
	const struct address_range **items;
	size_t nr;
	size_t cap;
};

static void push_range(struct open_ranges *open, const struct address_range *range)
{
	size_t i;

	GROW_ARRAY(open->items, open->nr, open->cap);
	for (i = open->nr++; i && open->items[(i - 1) / 2]->rank < range->rank; i = (i - 1) / 2)
		open->items[i] = open->items[(i - 1) / 2];
	open->items[i] = range;
}

static void pop_range(struct open_ranges *open)
{
	const struct address_range *last = open->items[--open->nr];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= open->nr)
			break;
		if (child + 1 < open->nr && open->items[child + 1]->rank > open->items[child]->rank)
			child++;
		if (open->items[child]->rank < last->rank)
			break;
		open->items[i] = open->items[child];
		i = child;
	}
	open->items[i] = last;
}

static void add_segment(struct segments *segments, size_t *cap, uint64_t start, uint64_t end,
			uint32_t value)
{
	struct segment *last = segments->nr ? &segments->items[segments->nr - 1] : NULL;

	if (last && last->end == start && last->value == value) {
		last->end = end;
		return;
	}
	GROW_ARRAY(segments->items, segments->nr, *cap);
	segments->items[segments->nr++] = (struct segment){
		.start = start, .end = end, .value = value};
}

/* Writes out what is open from @from up to @limit, where the next range starts. */
static void advance(struct open_ranges *open, uint64_t from, uint64_t limit,
		    struct segments *segments, size_t *cap)
{
	while (open->nr && from < limit) {
		const struct address_range *top = open->items[0];
		uint64_t end = top->end < limit ? top->end : limit;

		if (top->end > from) {
			add_segment(segments, cap, from, end, top->value);
			from = end;
		}
		if (top->end <= from)
			pop_range(open);
	}
}

static int compare_ranges(const void *a, const void *b)
{
	const struct address_range *x = a;
	const struct address_range *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->rank > y->rank) - (x->rank < y->rank);
}

static bool is_sorted(const struct address_range *ranges, size_t nr)
{
	for (size_t i = 1; i < nr; i++)
		if (compare_ranges(&ranges[i - 1], &ranges[i]) > 0)
			return false;
	return true;
}

void segments_build(struct address_range *ranges, size_t nr, struct segments *ret_segments)
{
	struct open_ranges open = {0};
	struct segments segments = {0};
	size_t cap = 0;

	if (!is_sorted(ranges, nr))
		qsort(ranges, nr, sizeof(*ranges), compare_ranges);
	for (size_t i = 0; i < nr; i++) {
		if (i)
			advance(&open, ranges[i - 1].start, ranges[i].start, &segments, &cap);
		if (ranges[i].start < ranges[i].end)
			push_range(&open, &ranges[i]);
	}
	if (nr)
		advance(&open, ranges[nr - 1].start, UINT64_MAX, &segments, &cap);
	free(open.items);
	*ret_segments = segments;
}

const struct segment *segments_find(const struct segments *segments, uint64_t addr)
{
	size_t low = 0;
	size_t high = segments->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (segments->items[middle].end <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == segments->nr || segments->items[low].start > addr)
		return NULL;
	return &segments->items[low];
}
