/* SPDX-License-Identifier: MIT */
#include "cli/terminal_lines.h"

#include "common/cleanup.h"
#include "test.h"

#include <stdint.h>
#include <stdlib.h>

static char *put(const char *text, size_t width)
{
	char *shown = NULL;
	size_t size;
	FILE *out = open_memstream(&shown, &size);

	assert_non_null(out);
	terminal_lines_put(text, width, out);
	assert_int_equal(fclose(out), 0);
	return shown;
}

#define assert_shown(text, width, expected)                    \
	do {                                                   \
		_cleanup_free_ char *shown = put(text, width); \
		assert_string_equal(shown, expected);          \
	} while (0)

static void test_lines_that_fit_stay_as_they_are(void **state)
{
	(void)state;
	assert_shown("", 10, "");
	assert_shown("ten  chars\n", 10, "ten  chars\n");
	assert_shown("any length", SIZE_MAX, "any length");
	assert_shown("a\n\nb", 10, "a\n\nb");
}

static void test_each_line_is_cut_by_itself(void **state)
{
	(void)state;
	assert_shown("0123456789abc\nshort\n0123456789abc\n", 10,
		     "0123456...\nshort\n0123456...\n");
}

static void test_a_character_is_one_column_and_stays_whole(void **state)
{
	(void)state;
	assert_shown("äöüäöüäöü", 9, "äöüäöüäöü");
	assert_shown("äöüäöüäöüä", 9, "äöüäöü...");
}

static void test_colours_take_no_room_and_are_reset_behind_a_cut(void **state)
{
	(void)state;
	assert_shown("\033[31m1234567890\033[0m", 10, "\033[31m1234567890\033[0m");
	assert_shown("\033[31m12345678901\033[0m", 10, "\033[31m1234567...\033[0m");
	assert_shown("plain then \033[31mred\033[0m", 10, "plain t...");
}

static void test_a_terminal_too_narrow_for_dots_gets_the_line(void **state)
{
	(void)state;
	assert_shown("abcdef", 3, "abcdef");
}

static void test_no_terminal_has_no_width(void **state)
{
	FILE *file = tmpfile();

	(void)state;
	assert_non_null(file);
	assert_true(terminal_lines_width(file) == SIZE_MAX);
	fclose(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_that_fit_stay_as_they_are),
		cmocka_unit_test(test_each_line_is_cut_by_itself),
		cmocka_unit_test(test_a_character_is_one_column_and_stays_whole),
		cmocka_unit_test(test_colours_take_no_room_and_are_reset_behind_a_cut),
		cmocka_unit_test(test_a_terminal_too_narrow_for_dots_gets_the_line),
		cmocka_unit_test(test_no_terminal_has_no_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
