/* SPDX-License-Identifier: MIT */
#include "symbolize/dwarf_owner.h"

#include "common/alloc.h"
#include "common/cleanup.h"

#include <stdlib.h>

/* Units with a claim on the current address; the heap also holds some that had one. */
struct open_units {
	uint32_t *nr_claims; /* of each unit */
	uint32_t *heap;	     /* the smallest first */
	size_t nr;
	size_t cap;
	size_t nr_open; /* claims in all */
};

static void push_unit(struct open_units *open, uint32_t unit)
{
	size_t i;

	open->nr_open++;
	if (open->nr_claims[unit]++)
		return;
	GROW_ARRAY(open->heap, open->nr, open->cap);
	for (i = open->nr++; i && open->heap[(i - 1) / 2] > unit; i = (i - 1) / 2)
		open->heap[i] = open->heap[(i - 1) / 2];
	open->heap[i] = unit;
}

static void pop_heap(struct open_units *open)
{
	uint32_t last = open->heap[--open->nr];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= open->nr)
			break;
		if (child + 1 < open->nr && open->heap[child + 1] < open->heap[child])
			child++;
		if (open->heap[child] > last)
			break;
		open->heap[i] = open->heap[child];
		i = child;
	}
	open->heap[i] = last;
}

/* There has to be an open claim. */
static uint32_t first_unit(struct open_units *open)
{
	while (open->nr_claims[open->heap[0]] == 0)
		pop_heap(open);
	return open->heap[0];
}

/* [start, end) goes to whoever had the address before, or the first unit that claims it. */
static void give(struct open_units *open, uint64_t start, uint64_t end, struct segments *owners,
		 size_t *cap)
{
	struct segment *last = owners->nr ? &owners->items[owners->nr - 1] : NULL;

	if (start >= end || open->nr_open == 0)
		return;
	if (last && last->end == start && open->nr_claims[last->value]) {
		last->end = end;
		return;
	}
	GROW_ARRAY(owners->items, owners->nr, *cap);
	owners->items[owners->nr++] = (struct segment){
		.start = start, .end = end, .value = first_unit(open)};
}

static int compare_ends(const void *a, const void *b)
{
	const struct dwarf_unit_claim *const *x = a;
	const struct dwarf_unit_claim *const *y = b;

	return ((*x)->end > (*y)->end) - ((*x)->end < (*y)->end);
}

void dwarf_owners_build(const struct dwarf_unit_claim *claims, size_t nr, size_t nr_units,
			struct segments *ret_owners)
{
	_cleanup_free_ const struct dwarf_unit_claim **ends = xcalloc(nr + 1, sizeof(*ends));
	_cleanup_free_ uint32_t *nr_claims = xcalloc(nr_units + 1, sizeof(*nr_claims));
	struct open_units open = {.nr_claims = nr_claims};
	struct segments owners = {0};
	size_t next_start = 0, cap = 0;
	uint64_t at = 0;

	for (size_t i = 0; i < nr; i++)
		ends[i] = &claims[i];
	if (nr)
		qsort(ends, nr, sizeof(*ends), compare_ends);
	for (size_t next_end = 0; next_end < nr;) {
		bool is_start = next_start < nr && claims[next_start].start < ends[next_end]->end;
		uint64_t to = is_start ? claims[next_start].start : ends[next_end]->end;

		give(&open, at, to, &owners, &cap);
		at = to;
		if (is_start) {
			push_unit(&open, claims[next_start++].unit);
		} else {
			open.nr_claims[ends[next_end++]->unit]--;
			open.nr_open--;
		}
	}
	free(open.heap);
	*ret_owners = owners;
}
