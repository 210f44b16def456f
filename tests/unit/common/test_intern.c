/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "common/intern.h"

#include <stdio.h>
#include <string.h>

static void test_equal_strings_are_one_pointer(void **state)
{
	struct intern *table = intern_new();
	char copy[] = "malloc";
	const char *first = intern_string(table, "malloc");

	(void)state;
	assert_ptr_equal(first, intern_string(table, copy));
	assert_ptr_equal(first, intern_bytes(table, "malloc_usable_size", 6));
	assert_ptr_not_equal(first, intern_string(table, "free"));
	assert_ptr_not_equal(first, copy);
	assert_string_equal(first, "malloc");
	assert_int_equal(intern_count(table), 2);
	intern_free(table);
}

static void test_null_and_empty_differ(void **state)
{
	struct intern *table = intern_new();

	(void)state;
	assert_null(intern_string(table, NULL));
	assert_string_equal(intern_string(table, ""), "");
	assert_ptr_equal(intern_string(table, ""), intern_bytes(table, "x", 0));
	assert_int_equal(intern_count(table), 1);
	intern_free(table);
	intern_free(NULL);
}

static void test_pointers_stay_while_the_table_grows(void **state)
{
	struct intern *table = intern_new();
	const char *first = intern_string(table, "name 0");
	char text[32];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		snprintf(text, sizeof(text), "name %d", i);
		assert_string_equal(intern_string(table, text), text);
	}
	assert_ptr_equal(first, intern_string(table, "name 0"));
	assert_int_equal(intern_count(table), 20000);
	intern_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_strings_are_one_pointer),
		cmocka_unit_test(test_null_and_empty_differ),
		cmocka_unit_test(test_pointers_stay_while_the_table_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
