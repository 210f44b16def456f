/* SPDX-License-Identifier: MIT */
#include "symbolize/perf_map.h"

#include "test.h"

#include <string.h>

static struct perf_map *parse(const char *text)
{
	struct perf_map *map = NULL;

	assert_int_equal(perf_map_parse(text, strlen(text), &map), 0);
	return map;
}

static void assert_name(const struct perf_map *map, uint64_t addr, const char *expected)
{
	const char *name = perf_map_find(map, addr, NULL);

	if (!expected) {
		assert_null(name);
		return;
	}
	assert_non_null(name);
	assert_string_equal(name, expected);
}

static void a_line_names_its_range_with_spaces_in_the_name(void **state)
{
	_cleanup_(perf_map_freep) struct perf_map *map = parse(
		"1000 20 LazyCompile:~foo /app/x.js:1:2\n0x2000 0x10 Bar.baz()\n");
	uint64_t start = 0;

	(void)state;
	assert_name(map, 0x1000, "LazyCompile:~foo /app/x.js:1:2");
	assert_name(map, 0x101f, "LazyCompile:~foo /app/x.js:1:2");
	assert_name(map, 0x1020, NULL);
	assert_string_equal(perf_map_find(map, 0x2008, &start), "Bar.baz()");
	assert_int_equal(start, 0x2000);
}

static void the_last_entry_of_a_range_wins(void **state)
{
	_cleanup_(perf_map_freep) struct perf_map *map = parse(
		"1000 100 old\n1040 10 patch\n1000 20 new\n");

	(void)state;
	assert_name(map, 0x1000, "new");
	assert_name(map, 0x1020, "old");
	assert_name(map, 0x1044, "patch");
	assert_name(map, 0x1050, "old");
}

static void lines_that_are_none_are_skipped(void **state)
{
	_cleanup_(perf_map_freep) struct perf_map *map = parse(
		"garbage\n\n1000\n1000 \n1000 10\n1000 10 \n1000 0 empty\n"
		"ffffffffffffff00 200 wraps\n11111111111111111 10 long\n2000 10 good\n"
		"3000 10 no newline");

	(void)state;
	assert_name(map, 0x1000, NULL);
	assert_name(map, 0xffffffffffffff00, NULL);
	assert_name(map, 0x2000, "good");
	assert_name(map, 0x3000, "no newline");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_names_its_range_with_spaces_in_the_name),
		cmocka_unit_test(the_last_entry_of_a_range_wins),
		cmocka_unit_test(lines_that_are_none_are_skipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
