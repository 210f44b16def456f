/* SPDX-License-Identifier: MIT */
#include "cli/near_miss.h"

#include "test.h"

static const char *const words[] = {"record", "report", "diff", "list", "doctor", "flamegraph"};

static const char *nearest(const char *typed)
{
	return near_miss(typed, words, sizeof(words) / sizeof(words[0]));
}

static void test_one_slip_finds_the_word(void **state)
{
	(void)state;
	assert_string_equal(nearest("recrod"), "record");
	assert_string_equal(nearest("reprot"), "report");
	assert_string_equal(nearest("dif"), "diff");
	assert_string_equal(nearest("lists"), "list");
	assert_string_equal(nearest("flamgraph"), "flamegraph");
	assert_string_equal(nearest("docter"), "doctor");
}

static void test_other_words_find_nothing(void **state)
{
	(void)state;
	assert_null(nearest("malloc"));
	assert_null(nearest("xy"));
	assert_null(nearest(""));
	assert_null(nearest("a-word-much-longer-than-any-command-there-could-be"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_slip_finds_the_word),
		cmocka_unit_test(test_other_words_find_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
