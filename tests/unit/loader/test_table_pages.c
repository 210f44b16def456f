/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "loader/table_pages.h"

#include "bpf/abi.h"
#include "common/alloc.h"
#include "loader/slot_store.h"

#include <stdlib.h>
#include <string.h>

#define MANY 10000

static struct slot_store *new_slots(void)
{
	struct slot_store *slots = NULL;

	assert_int_equal(slot_store_new(-1, &slots), 0);
	return slots;
}

/* Every second page of memory, from @base down: as mmap gives them out. */
static struct table_range *make_ranges(size_t nr)
{
	struct table_range *ranges = xcalloc(nr, sizeof(*ranges));

	for (size_t i = 0; i < nr; i++)
		ranges[i] = (struct table_range){
			.start = (i + 100000) * 8192,
			.end = (i + 100000) * 8192 + 4096,
			.bias = i,
			.blob = 3,
			.index_base = (uint32_t)i,
		};
	return ranges;
}

/* What a walk does. */
static const struct mapping_entry *look_up(struct slot_store *slots,
					   const struct mapping_table *directory, uint64_t pc)
{
	const struct mapping_table *page = NULL;
	const struct mapping_entry *found = NULL;

	for (uint32_t i = 0; i < directory->nr; i++)
		if (directory->start[i] <= pc)
			page = slot_store_table(slots, directory->entry[i].index_base);
	for (uint32_t i = 0; page && i < page->nr; i++)
		if (page->start[i] <= pc && pc < page->entry[i].end)
			found = &page->entry[i];
	return found;
}

static void check_all(struct slot_store *slots, const struct table_pages *pages,
		      const struct table_range *ranges, size_t nr)
{
	struct mapping_table *directory = xcalloc(1, sizeof(*directory));

	table_pages_fill_directory(directory, pages);
	assert_true(directory->is_directory);
	for (size_t i = 0; i < nr; i++) {
		const struct mapping_entry *e = look_up(slots, directory, ranges[i].start + 5);

		assert_non_null(e);
		assert_int_equal(e->bias, ranges[i].bias);
		assert_null(look_up(slots, directory, ranges[i].end));
	}
	assert_null(look_up(slots, directory, ranges[0].start - 1));
	free(directory);
}

static void test_every_range_is_on_a_page(void **state)
{
	struct slot_store *slots = new_slots();
	struct table_range *ranges = make_ranges(MANY);
	struct table_pages *pages = NULL;

	(void)state;
	assert_int_equal(table_pages_new(slots, ranges, MANY, NULL, &pages), 0);
	check_all(slots, pages, ranges, MANY);
	table_pages_unref(slots, pages);
	free(ranges);
	slot_store_free(slots);
}

static uint32_t nr_shared(const struct mapping_table *a, const struct mapping_table *b)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < a->nr; i++)
		for (uint32_t k = 0; k < b->nr; k++)
			nr += a->entry[i].index_base == b->entry[k].index_base;
	return nr;
}

static void test_one_range_more_costs_one_page(void **state)
{
	struct mapping_table *first = xcalloc(1, sizeof(*first));
	struct mapping_table *second = xcalloc(1, sizeof(*second));
	struct slot_store *slots = new_slots();
	struct table_range *ranges = make_ranges(MANY);
	struct table_pages *before = NULL, *after = NULL;

	(void)state;
	/* all but the lowest, then that one too */
	assert_int_equal(table_pages_new(slots, ranges + 1, MANY - 1, NULL, &before), 0);
	assert_int_equal(table_pages_new(slots, ranges, MANY, before, &after), 0);
	check_all(slots, before, ranges + 1, MANY - 1);
	check_all(slots, after, ranges, MANY);
	table_pages_fill_directory(first, before);
	table_pages_fill_directory(second, after);
	assert_int_equal(nr_shared(first, second), first->nr - 1);
	table_pages_unref(slots, before);
	check_all(slots, after, ranges, MANY);
	table_pages_unref(slots, after);
	free(first);
	free(second);
	free(ranges);
	slot_store_free(slots);
}

static void test_growing_one_by_one_never_runs_out_of_pages(void **state)
{
	struct slot_store *slots = new_slots();
	const size_t all = 3 * CTRACE_MAX_MAPPINGS;
	struct table_range *ranges = make_ranges(all);
	struct table_pages *pages = NULL;

	(void)state;
	for (size_t nr = CTRACE_MAX_MAPPINGS + 1; nr <= all; nr += 8) {
		struct table_pages *next = NULL;

		assert_int_equal(table_pages_new(slots, ranges + (all - nr), nr, pages, &next), 0);
		table_pages_unref(slots, pages);
		pages = next;
	}
	check_all(slots, pages, ranges + 7, all - 7);
	table_pages_unref(slots, pages);
	free(ranges);
	slot_store_free(slots);
}

static void test_as_many_as_there_can_be_fit(void **state)
{
	const size_t all = (size_t)CTRACE_MAX_MAPPINGS * CTRACE_MAX_PAGES;
	struct mapping_table *directory = xcalloc(1, sizeof(*directory));
	struct slot_store *slots = new_slots();
	struct table_range *ranges = make_ranges(all);
	struct table_pages *some = NULL, *pages = NULL;

	(void)state;
	assert_int_equal(table_pages_new(slots, ranges, MANY, NULL, &some), 0);
	assert_int_equal(table_pages_new(slots, ranges, all, some, &pages), 0);
	table_pages_fill_directory(directory, pages);
	assert_int_equal(directory->nr, CTRACE_MAX_PAGES);
	for (size_t i = 0; i < all; i += 1021)
		assert_int_equal(look_up(slots, directory, ranges[i].start)->bias, i);
	table_pages_unref(slots, some);
	table_pages_unref(slots, pages);
	free(directory);
	free(ranges);
	slot_store_free(slots);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_range_is_on_a_page),
		cmocka_unit_test(test_one_range_more_costs_one_page),
		cmocka_unit_test(test_growing_one_by_one_never_runs_out_of_pages),
		cmocka_unit_test(test_as_many_as_there_can_be_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
