/* SPDX-License-Identifier: MIT */
#include "loader/table_pages.h"

#include "bpf/abi.h"
#include "common/alloc.h"
#include "loader/slot_store.h"

#include <errno.h>
#include <stdbool.h>

/* A new page has room, so that the next ranges do not split it at once. */
#define NEW_PAGE_RANGES (CTRACE_MAX_MAPPINGS * 3 / 4)

struct table_page {
	uint64_t start; /* where it begins; its first range may be further up */
	uint32_t slot;
};

struct table_pages {
	uint32_t references;
	size_t nr;
	struct table_page page[CTRACE_MAX_PAGES];
};

void table_pages_fill(struct mapping_table *table, const struct table_range *ranges, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		table->start[i] = ranges[i].start;
		table->entry[i] = (struct mapping_entry){
			.end = ranges[i].end,
			.bias = ranges[i].bias,
			.blob = ranges[i].blob,
			.index_base = ranges[i].index_base,
		};
	}
	table->nr = (uint32_t)nr;
	table->is_directory = 0;
}

static bool is_equal(const struct mapping_table *table, const struct table_range *ranges, size_t nr)
{
	if (table->nr != nr)
		return false;
	for (size_t i = 0; i < nr; i++) {
		const struct mapping_entry *e = &table->entry[i];
		const struct table_range *r = &ranges[i];

		if (table->start[i] != r->start || e->end != r->end || e->bias != r->bias ||
		    e->blob != r->blob || e->index_base != r->index_base)
			return false;
	}
	return true;
}

/* The page of @before that begins at @start, or NULL. */
static const struct table_page *find_page(const struct table_pages *before, uint64_t start)
{
	for (size_t i = 0; before && i < before->nr; i++)
		if (before->page[i].start == start)
			return &before->page[i];
	return NULL;
}

static int add_page(struct slot_store *slots, struct table_pages *pages, uint64_t start,
		    const struct table_range *ranges, size_t nr, const struct table_pages *before)
{
	const struct table_page *old = find_page(before, start);
	struct mapping_table *table;
	uint32_t slot;
	int err = 0;

	if (old && is_equal(slot_store_table(slots, old->slot), ranges, nr)) {
		slot = old->slot;
		slot_store_ref(slots, slot);
	} else {
		err = slot_store_take(slots, &slot, &table);
		if (err < 0)
			return err;
		table_pages_fill(table, ranges, nr);
	}
	pages->page[pages->nr++] = (struct table_page){start, slot};
	return 0;
}

/* How many of @ranges lie below @end. */
static size_t count_below(const struct table_range *ranges, size_t nr, uint64_t end)
{
	size_t low = 0;

	while (low < nr) {
		size_t middle = low + (nr - low) / 2;

		if (ranges[middle].start < end)
			low = middle + 1;
		else
			nr = middle;
	}
	return low;
}

/* The ranges from @start on, which are @nr, onto as many pages as they need. */
static int add_part(struct slot_store *slots, struct table_pages *pages, uint64_t start,
		    const struct table_range *ranges, size_t nr, const struct table_pages *before)
{
	size_t nr_parts = nr > CTRACE_MAX_MAPPINGS ? (nr - 1) / NEW_PAGE_RANGES + 1 : 1;
	size_t done = 0;

	for (size_t i = 0; i < nr_parts && nr; i++) {
		size_t part = (nr - done) / (nr_parts - i);
		int err;

		if (pages->nr == CTRACE_MAX_PAGES)
			return -E2BIG;
		err = add_page(slots, pages, i ? ranges[done].start : start, ranges + done, part,
			       before);
		if (err < 0)
			return err;
		done += part;
	}
	return 0;
}

/* Along the pages there were, so that most stay what they are. */
static int add_along(struct slot_store *slots, struct table_pages *pages,
		     const struct table_range *ranges, size_t nr, const struct table_pages *before)
{
	size_t nr_before = before ? before->nr : 0, done = 0;
	int err = 0;

	for (size_t i = 0; i <= nr_before && err == 0; i++) {
		uint64_t start = i ? before->page[i - 1].start : 0;
		size_t below = i < nr_before ? count_below(ranges, nr, before->page[i].start) : nr;

		err = add_part(slots, pages, start, ranges + done, below - done, before);
		done = below;
	}
	return err;
}

/* Full ones, as few as there can be. */
static int add_anew(struct slot_store *slots, struct table_pages *pages,
		    const struct table_range *ranges, size_t nr)
{
	int err = 0;

	for (size_t done = 0; done < nr && err == 0; done += CTRACE_MAX_MAPPINGS) {
		size_t part = nr - done < CTRACE_MAX_MAPPINGS ? nr - done : CTRACE_MAX_MAPPINGS;

		err = add_page(slots, pages, ranges[done].start, ranges + done, part, NULL);
	}
	return err;
}

static void drop_slots(struct slot_store *slots, struct table_pages *pages)
{
	for (size_t i = 0; i < pages->nr; i++)
		slot_store_unref(slots, pages->page[i].slot);
	pages->nr = 0;
}

int table_pages_new(struct slot_store *slots, const struct table_range *ranges, size_t nr,
		    const struct table_pages *before, struct table_pages **ret_pages)
{
	struct table_pages *pages = xcalloc(1, sizeof(*pages));
	int err = add_along(slots, pages, ranges, nr, before);

	pages->references = 1;
	if (err == -E2BIG) {
		drop_slots(slots, pages);
		err = add_anew(slots, pages, ranges, nr);
	}
	if (err < 0) {
		table_pages_unref(slots, pages);
		return err;
	}
	*ret_pages = pages;
	return 0;
}

void table_pages_fill_directory(struct mapping_table *table, const struct table_pages *pages)
{
	for (size_t i = 0; i < pages->nr; i++) {
		table->start[i] = pages->page[i].start;
		table->entry[i] = (struct mapping_entry){
			.end = UINT64_MAX,
			.blob = MAPPING_NO_TABLE,
			.index_base = pages->page[i].slot,
		};
	}
	table->nr = (uint32_t)pages->nr;
	table->is_directory = 1;
}

struct table_pages *table_pages_ref(struct table_pages *pages)
{
	if (pages)
		pages->references++;
	return pages;
}

void table_pages_unref(struct slot_store *slots, struct table_pages *pages)
{
	if (!pages || --pages->references)
		return;
	drop_slots(slots, pages);
	free(pages);
}
