/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "loader/near_names.h"

#include <stdlib.h>
#include <string.h>

static void check_question(const char *wanted, const char *const *names, const char *expected)
{
	struct near_names near;
	char *question;

	near_names_init(&near, wanted);
	for (; *names; names++)
		near_names_add(&near, *names);
	question = near_names_question(&near);
	assert_string_equal(question, expected);
	free(question);
}

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_nearest_names_come_first(void **state)
{
	(void)state;
	check_question("mallok", NAMES("free", "calloc", "malloc"),
		       "; did you mean 'malloc' or 'calloc'?");
	check_question("vfs_rea", NAMES("vcs_read", "vfs_readlink", "vfs_read", "vfs_readv"),
		       "; did you mean 'vfs_read', 'vcs_read' or 'vfs_readv'?");
}

static void test_nothing_near_asks_nothing(void **state)
{
	(void)state;
	check_question("malloc", NAMES("pthread_create", "x"), "");
	check_question("malloc", (const char *const[]){NULL}, "");
	check_question("foo", NAMES("top", "tree", "svg"), "");
}

static void test_longer_names_around_what_was_typed_are_near(void **state)
{
	(void)state;
	check_question("tcp_send", NAMES("do_tcp_sendmsg_fastpath"),
		       "; did you mean 'do_tcp_sendmsg_fastpath'?");
}

static void test_a_name_shown_twice_is_asked_for_once(void **state)
{
	(void)state;
	check_question("mallok", NAMES("malloc", "malloc", "calloc", "malloc"),
		       "; did you mean 'malloc' or 'calloc'?");
}

static void test_overlong_names_are_passed_over(void **state)
{
	char name[300];

	(void)state;
	memset(name, 'm', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	check_question("malloc", NAMES(name), "");
	check_question(name, NAMES("malloc"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nearest_names_come_first),
		cmocka_unit_test(test_nothing_near_asks_nothing),
		cmocka_unit_test(test_longer_names_around_what_was_typed_are_near),
		cmocka_unit_test(test_a_name_shown_twice_is_asked_for_once),
		cmocka_unit_test(test_overlong_names_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
