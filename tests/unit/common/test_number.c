/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "common/number.h"

#include <errno.h>

struct number_case {
	const char *text;
	int err;
	uint64_t value;
};

static void check(const struct number_case *cases, size_t nr,
		  int (*parse)(const char *text, uint64_t *ret_value))
{
	for (size_t i = 0; i < nr; i++) {
		uint64_t value = 4711;
		int err = parse(cases[i].text, &value);

		if (err != cases[i].err || value != (err ? 4711 : cases[i].value))
			fail_msg("'%s': error %d, value %lu", cases[i].text, err, value);
	}
}

static int parse_any(const char *text, uint64_t *ret_value)
{
	return parse_uint(text, 0, UINT64_MAX, ret_value);
}

static void test_whole_numbers_only(void **state)
{
	static const struct number_case cases[] = {
		{"0", 0, 0},
		{"99", 0, 99},
		{"0x10", 0, 16},
		{"0XfF", 0, 255},
		{"18446744073709551615", 0, UINT64_MAX},
		{"18446744073709551616", -ERANGE, 0},
		{"0x10000000000000000", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"+1", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"1 ", -EINVAL, 0},
		{"1x", -EINVAL, 0},
		{"0x", -EINVAL, 0},
		{"add", -EINVAL, 0},
		{"99999999999999999999999x", -EINVAL, 0},
	};

	(void)state;
	check(cases, sizeof(cases) / sizeof(cases[0]), parse_any);
}

static void test_limits_are_inclusive(void **state)
{
	uint64_t value;

	(void)state;
	assert_int_equal(parse_uint("5", 5, 7, &value), 0);
	assert_int_equal(parse_uint("7", 5, 7, &value), 0);
	assert_int_equal(parse_uint("4", 5, 7, &value), -ERANGE);
	assert_int_equal(parse_uint("8", 5, 7, &value), -ERANGE);
}

static void test_durations_have_units(void **state)
{
	static const struct number_case cases[] = {
		{"10s", 0, 10000000000},      {"500ms", 0, 500000000},
		{"20us", 0, 20000},	      {"5ns", 0, 5},
		{"2m", 0, 120000000000},      {"1.5s", 0, 1500000000},
		{"3", 0, 3000000000},	      {"0.000000001", 0, 1},
		{"0.0000000019", 0, 1},	      {"0.25ms", 0, 250000},
		{"18446744074s", -ERANGE, 0}, {"99999999999999999999s", -ERANGE, 0},
		{"1.s", -EINVAL, 0},	      {".5s", -EINVAL, 0},
		{"1 s", -EINVAL, 0},	      {"1x", -EINVAL, 0},
		{"-1s", -EINVAL, 0},	      {"", -EINVAL, 0},
	};

	(void)state;
	check(cases, sizeof(cases) / sizeof(cases[0]), parse_duration);
}

static void test_sizes_have_units(void **state)
{
	static const struct number_case cases[] = {
		{"16M", 0, 16 << 20},	   {"4K", 0, 4096},	{"1G", 0, 1 << 30},
		{"123", 0, 123},	   {"1.5k", 0, 1536},	{"0.999999999G", 0, 1073741822},
		{"16777216T", -ERANGE, 0}, {"1MB", -EINVAL, 0}, {"M", -EINVAL, 0},
	};

	(void)state;
	check(cases, sizeof(cases) / sizeof(cases[0]), parse_size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_numbers_only),
		cmocka_unit_test(test_limits_are_inclusive),
		cmocka_unit_test(test_durations_have_units),
		cmocka_unit_test(test_sizes_have_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
