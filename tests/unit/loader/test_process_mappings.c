/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "loader/process_mappings.h"

#include "loader/process_set.h"

#include <stdlib.h>

#define GENERATION 7
#define NOW	   1000

static struct process_mapping mapping(uint64_t start, uint64_t end)
{
	return (struct process_mapping){.start = start, .end = end, .off = start, .gen_begin = 1};
}

static void add(struct process *p, uint64_t start, uint64_t end)
{
	struct process_mapping m = mapping(start, end);

	process_mappings_add(p, &m);
}

static void check(const struct process *p, const uint64_t (*expected)[2], size_t nr)
{
	const struct process_mapping *m;

	for (size_t i = 0; i < nr; i++) {
		m = process_mappings_live(p, i);
		assert_non_null(m);
		assert_int_equal(m->start, expected[i][0]);
		assert_int_equal(m->end, expected[i][1]);
		assert_int_equal(m->off, m->start);
	}
	assert_null(process_mappings_live(p, nr));
}

static void release(struct process *p)
{
	free(p->mappings);
	free(p->live);
}

static void test_live_mappings_are_in_order(void **state)
{
	const uint64_t expected[][2] = {{10, 20}, {20, 30}, {50, 60}};
	struct process p = {};

	(void)state;
	add(&p, 50, 60);
	add(&p, 10, 20);
	add(&p, 20, 30);
	check(&p, expected, 3);
	release(&p);
}

static void test_the_lowest_that_overlaps_is_found(void **state)
{
	struct process p = {};

	(void)state;
	assert_null(process_mappings_find(&p, 0, UINT64_MAX));
	add(&p, 50, 60);
	add(&p, 10, 20);
	assert_int_equal(process_mappings_find(&p, 0, 100)->start, 10);
	assert_int_equal(process_mappings_find(&p, 19, 51)->start, 10);
	assert_int_equal(process_mappings_find(&p, 20, 51)->start, 50);
	assert_null(process_mappings_find(&p, 20, 50));
	assert_null(process_mappings_find(&p, 60, 70));
	release(&p);
}

static void test_a_hole_in_one_leaves_both_ends(void **state)
{
	const uint64_t expected[][2] = {{10, 14}, {16, 20}};
	struct process p = {};

	(void)state;
	add(&p, 10, 20);
	process_mappings_punch(&p, 14, 16, GENERATION, NOW);
	check(&p, expected, 2);
	assert_true(p.dirty);
	assert_int_equal(p.mappings[0].gen_end, GENERATION);
	assert_int_equal(process_mappings_live(&p, 1)->gen_begin, GENERATION);
	assert_int_equal(process_mappings_live(&p, 1)->begin_ns, NOW);
	release(&p);
}

static void test_a_hole_over_many_leaves_the_outer_ends(void **state)
{
	const uint64_t expected[][2] = {{0, 5}, {10, 15}, {55, 60}, {70, 80}};
	struct process p = {};

	(void)state;
	add(&p, 0, 5);
	add(&p, 10, 20);
	add(&p, 30, 40);
	add(&p, 50, 60);
	add(&p, 70, 80);
	process_mappings_punch(&p, 15, 55, GENERATION, NOW);
	check(&p, expected, 4);
	release(&p);
}

static void test_a_hole_where_nothing_is_changes_nothing(void **state)
{
	const uint64_t expected[][2] = {{10, 20}};
	struct process p = {};

	(void)state;
	add(&p, 10, 20);
	process_mappings_punch(&p, 20, 30, GENERATION, NOW);
	process_mappings_punch(&p, 0, 10, GENERATION, NOW);
	check(&p, expected, 1);
	assert_false(p.dirty);
	release(&p);
}

static void test_another_image_begins_with_none(void **state)
{
	const uint64_t expected[][2] = {{10, 20}};
	struct process_mapping m = mapping(10, 20);
	struct process p = {};

	(void)state;
	add(&p, 0, 50);
	p.execs++;
	process_mappings_forget(&p);
	add(&p, 0, 100); /* of the image before: belongs to history only */
	m.execs = p.execs;
	process_mappings_add(&p, &m);
	check(&p, expected, 1);
	release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_live_mappings_are_in_order),
		cmocka_unit_test(test_the_lowest_that_overlaps_is_found),
		cmocka_unit_test(test_a_hole_in_one_leaves_both_ends),
		cmocka_unit_test(test_a_hole_over_many_leaves_the_outer_ends),
		cmocka_unit_test(test_a_hole_where_nothing_is_changes_nothing),
		cmocka_unit_test(test_another_image_begins_with_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
