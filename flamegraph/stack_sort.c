/* SPDX-License-Identifier: MIT */
/*
 * Multikey quicksort (Bentley and Sedgewick, 1997): three parts by the frame at one depth, of which
 * the middle one goes on with the next depth.
 */
#include "flamegraph/stack_sort.h"

#include "common/alloc.h"
#include "common/cleanup.h"

#include <stdbool.h>
#include <stdlib.h>

#define FEW 12 /* stacks; below that, insertion is quicker */

/* The key is the rank at the depth being sorted, plus one; 0 where the stack has ended. */
struct item {
	uint32_t stack;
	uint32_t key;
};

struct range {
	struct item *items;
	size_t nr, depth;
};

struct sorter {
	const uint32_t *ranks;
	const size_t *start;
	struct range *todo;
	size_t nr_todo, cap_todo;
	uint32_t random;
};

static uint32_t key_at(const struct sorter *sorter, uint32_t stack, size_t depth)
{
	size_t at = sorter->start[stack] + depth;

	return at < sorter->start[stack + 1] ? sorter->ranks[at] + 1 : 0;
}

/* Both begin alike up to @depth, whose keys the items hold. */
static bool is_before(const struct sorter *sorter, struct item a, struct item b, size_t depth)
{
	uint32_t left = a.key, right = b.key;

	while (left && left == right) {
		depth++;
		left = key_at(sorter, a.stack, depth);
		right = key_at(sorter, b.stack, depth);
	}
	return left < right;
}

static void sort_few(const struct sorter *sorter, const struct range *range)
{
	for (size_t i = 1; i < range->nr; i++) {
		struct item item = range->items[i];
		size_t to = i;

		while (to && is_before(sorter, item, range->items[to - 1], range->depth)) {
			range->items[to] = range->items[to - 1];
			to--;
		}
		range->items[to] = item;
	}
}

static void push(struct sorter *sorter, struct item *items, size_t nr, size_t depth)
{
	if (nr < 2)
		return;
	GROW_ARRAY(sorter->todo, sorter->nr_todo, sorter->cap_todo);
	sorter->todo[sorter->nr_todo++] = (struct range){items, nr, depth};
}

static void load_keys(const struct sorter *sorter, struct item *items, size_t nr, size_t depth)
{
	for (size_t i = 0; i < nr; i++)
		items[i].key = key_at(sorter, items[i].stack, depth);
}

static void swap(struct item *a, struct item *b)
{
	struct item item = *a;

	*a = *b;
	*b = item;
}

static void split(struct sorter *sorter, const struct range *range)
{
	struct item *items = range->items;
	size_t less = 0, at = 0, more = range->nr;
	uint32_t pivot;

	/* A random pivot: no input is slow every time. */
	sorter->random = sorter->random * 1664525 + 1013904223;
	pivot = items[(uint64_t)sorter->random * range->nr >> 32].key;
	while (at < more) {
		if (items[at].key < pivot)
			swap(&items[less++], &items[at++]);
		else if (items[at].key > pivot)
			swap(&items[at], &items[--more]);
		else
			at++;
	}
	push(sorter, items, less, range->depth);
	push(sorter, items + more, range->nr - more, range->depth);
	if (!pivot)
		return;
	load_keys(sorter, items + less, more - less, range->depth + 1);
	push(sorter, items + less, more - less, range->depth + 1);
}

void stack_sort(const uint32_t *ranks, const size_t *start, size_t nr, uint32_t *ret_order)
{
	_cleanup_free_ struct item *items = xreallocarray(NULL, nr + 1, sizeof(*items));
	struct sorter sorter = {.ranks = ranks, .start = start};

	for (size_t i = 0; i < nr; i++)
		items[i].stack = (uint32_t)i;
	load_keys(&sorter, items, nr, 0);
	push(&sorter, items, nr, 0);
	while (sorter.nr_todo) {
		struct range range = sorter.todo[--sorter.nr_todo];

		if (range.nr < FEW)
			sort_few(&sorter, &range);
		else
			split(&sorter, &range);
	}
	for (size_t i = 0; i < nr; i++)
		ret_order[i] = items[i].stack;
	free(sorter.todo);
}
