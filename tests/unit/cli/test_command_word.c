/* SPDX-License-Identifier: MIT */
#include "cli/command_word.h"

#include "test.h"

#include <argp.h>

static const struct argp_option child_options[] = {
	{.name = "title", .key = 0x100, .arg = "TEXT"},
	{.name = "titled", .key = 0x101, .flags = OPTION_ALIAS},
	{0}};
static const struct argp child = {.options = child_options};
static const struct argp_child children[] = {{.argp = &child}, {0}};
static const struct argp_option options[] = {
	{.doc = "A heading"},
	{.name = "output", .key = 'o', .arg = "FILE"},
	{.name = "quiet", .key = 'q'},
	{.name = "level", .key = 'l', .arg = "N", .flags = OPTION_ARG_OPTIONAL},
	{0}};
static const struct argp argp = {.options = options, .children = children};

static int find(const char *const *argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	return command_word_find(argc, argv, &argp);
}

#define FIND(...) find((const char *const[]){"ctrace", __VA_ARGS__, NULL})

static void test_first_word_is_found(void **state)
{
	(void)state;
	assert_int_equal(FIND("report", "x"), 1);
	assert_int_equal(FIND("-q", "report"), 2);
	assert_int_equal(FIND("--quiet", "report"), 2);
}

static void test_values_of_options_are_skipped(void **state)
{
	(void)state;
	assert_int_equal(FIND("-o", "report", "profile:hz:99"), 3);
	assert_int_equal(FIND("-qo", "x", "profile:hz:99"), 3);
	assert_int_equal(FIND("--output", "x", "profile:hz:99"), 3);
	assert_int_equal(FIND("--title", "a b", "profile:hz:99"), 3);
	assert_int_equal(FIND("--titled", "a b", "profile:hz:99"), 3);
}

static void test_values_in_the_same_word_skip_nothing(void **state)
{
	(void)state;
	assert_int_equal(FIND("-ox", "report"), 2);
	assert_int_equal(FIND("--output=x", "report"), 2);
	assert_int_equal(FIND("--level", "report"), 2);
	assert_int_equal(FIND("-l", "report"), 2);
}

static void test_beginnings_of_long_names_count(void **state)
{
	(void)state;
	assert_int_equal(FIND("--outp", "x", "report"), 3);
	assert_int_equal(FIND("--qui", "report"), 2);
}

static void test_program_behind_dashes_is_no_command(void **state)
{
	(void)state;
	assert_int_equal(FIND("--", "report"), 0);
	assert_int_equal(FIND("-q", "--", "report"), 0);
	assert_int_equal(FIND("-q"), 0);
}

static void test_single_dash_is_a_word(void **state)
{
	(void)state;
	assert_int_equal(FIND("-"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_word_is_found),
		cmocka_unit_test(test_values_of_options_are_skipped),
		cmocka_unit_test(test_values_in_the_same_word_skip_nothing),
		cmocka_unit_test(test_beginnings_of_long_names_count),
		cmocka_unit_test(test_program_behind_dashes_is_no_command),
		cmocka_unit_test(test_single_dash_is_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
