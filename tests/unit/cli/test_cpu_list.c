/* SPDX-License-Identifier: MIT */
#include "cli/cpu_list.h"

#include "test.h"

#include <errno.h>
#include <stdlib.h>

static void assert_cpus(const char *text, const int *expected, size_t nr_expected)
{
	int *cpus;
	size_t nr;

	assert_int_equal(cpu_list_parse(text, 16, &cpus, &nr), 0);
	assert_int_equal(nr, nr_expected);
	for (size_t i = 0; i < nr; i++)
		assert_int_equal(cpus[i], expected[i]);
	free(cpus);
}

static void test_ranges_and_numbers_give_ascending_cpus(void **state)
{
	(void)state;
	assert_cpus("3", (int[]){3}, 1);
	assert_cpus("0-3,8", (int[]){0, 1, 2, 3, 8}, 5);
	assert_cpus("8,0-1", (int[]){0, 1, 8}, 3);
	assert_cpus("2-2,2,1-3", (int[]){1, 2, 3}, 3);
	assert_cpus("15", (int[]){15}, 1);
}

static void test_numbers_outside_are_refused(void **state)
{
	int *cpus;
	size_t nr;

	(void)state;
	assert_int_equal(cpu_list_parse("16", 16, &cpus, &nr), -ERANGE);
	assert_int_equal(cpu_list_parse("0-16", 16, &cpus, &nr), -ERANGE);
	assert_int_equal(cpu_list_parse("3-1", 16, &cpus, &nr), -ERANGE);
	assert_int_equal(cpu_list_parse("99999999999999999999", 16, &cpus, &nr), -ERANGE);
}

static void test_text_that_is_no_list_is_refused(void **state)
{
	static const char *const bad[] = {"", ",", "1,", "a", "1-", "-1", "1--2", "1 2", "1-2-3"};
	int *cpus;
	size_t nr;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(cpu_list_parse(bad[i], 16, &cpus, &nr), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges_and_numbers_give_ascending_cpus),
		cmocka_unit_test(test_numbers_outside_are_refused),
		cmocka_unit_test(test_text_that_is_no_list_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
