/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "loader/time.h"

#include <errno.h>

static void test_the_monotonic_offset_is_found_among_others(void **state)
{
	int64_t offset = 0;

	(void)state;
	assert_int_equal(time_parse_offset("monotonic      86400         5\n"
					   "boottime           7         0\n",
					   &offset),
			 0);
	assert_int_equal(offset, INT64_C(86400000000005));
	assert_int_equal(time_parse_offset("boottime 1 1\nmonotonic -1 500000000\n", &offset), 0);
	assert_int_equal(offset, -500000000);
}

static void test_a_number_names_the_clock_as_well(void **state)
{
	int64_t offset = 0;

	(void)state;
	assert_int_equal(time_parse_offset("7 3 0\n1 2 0", &offset), 0);
	assert_int_equal(offset, 2000000000);
}

static void test_other_text_has_no_offset(void **state)
{
	int64_t offset = 42;

	(void)state;
	assert_int_equal(time_parse_offset("", &offset), -EBADMSG);
	assert_int_equal(time_parse_offset("monotonic x 0\n\n", &offset), -EBADMSG);
	assert_int_equal(time_parse_offset("boottime 7 0\n", &offset), -EBADMSG);
	assert_int_equal(offset, 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_monotonic_offset_is_found_among_others),
		cmocka_unit_test(test_a_number_names_the_clock_as_well),
		cmocka_unit_test(test_other_text_has_no_offset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
