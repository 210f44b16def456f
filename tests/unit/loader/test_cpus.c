/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "loader/cpus.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static void check_list(const char *text, const int *expected, size_t nr_expected)
{
	int *cpus = NULL;
	size_t nr = 0;

	assert_int_equal(cpus_parse(text, &cpus, &nr), 0);
	assert_int_equal(nr, nr_expected);
	assert_memory_equal(cpus, expected, nr * sizeof(*cpus));
	free(cpus);
}

static void check_error(const char *text, int expected)
{
	int *cpus = NULL;
	size_t nr = 0;

	assert_int_equal(cpus_parse(text, &cpus, &nr), expected);
	assert_null(cpus);
}

static void test_lists_are_sorted_and_hold_each_once(void **state)
{
	(void)state;
	check_list("0", (const int[]){0}, 1);
	check_list("0-3,5", (const int[]){0, 1, 2, 3, 5}, 5);
	check_list("5,1-2,2-3", (const int[]){1, 2, 3, 5}, 4);
	check_list("8191", (const int[]){8191}, 1);
}

static void test_what_is_no_list_is_refused(void **state)
{
	(void)state;
	check_error("", -EINVAL);
	check_error("a", -EINVAL);
	check_error("1,", -EINVAL);
	check_error("1-", -EINVAL);
	check_error("-1", -EINVAL);
	check_error(",", -EINVAL);
	check_error("1--2", -EINVAL);
	check_error("1 2", -EINVAL);
	check_error("1-2-3", -EINVAL);
	check_error("3-1", -ERANGE);
	check_error("8192", -ERANGE);
	check_error("0-99999999999999999999", -ERANGE);
}

static void test_online_cpus_are_as_many_as_libc_counts(void **state)
{
	int *cpus;
	size_t nr;

	(void)state;
	assert_int_equal(cpus_online(&cpus, &nr), 0);
	assert_int_equal(nr, sysconf(_SC_NPROCESSORS_ONLN));
	free(cpus);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists_are_sorted_and_hold_each_once),
		cmocka_unit_test(test_what_is_no_list_is_refused),
		cmocka_unit_test(test_online_cpus_are_as_many_as_libc_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
