/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "loader/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static void check_explained(int err, const char *expected)
{
	char *text = limits_explain(err);

	if (expected)
		assert_non_null(text);
	else
		assert_null(text);
	if (expected)
		assert_non_null(strstr(text, expected));
	free(text);
}

static void test_errors_of_no_limit_are_not_explained(void **state)
{
	(void)state;
	check_explained(-EPERM, NULL);
	check_explained(-ENOENT, NULL);
}

static void test_files_are_named_with_their_limit(void **state)
{
	const struct rlimit before_test = {50, 60};
	struct rlimit before, now;

	(void)state;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before_test), 0);
	check_explained(-EMFILE, "may open 50 files");
	limits_raise_files(&before);
	assert_int_equal(before.rlim_cur, 50);
	assert_int_equal(before.rlim_max, 60);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &now), 0);
	assert_int_equal(now.rlim_cur, 60);
	check_explained(EMFILE, "may open 60 files");
}

static void test_memory_and_file_size_are_named_only_when_limited(void **state)
{
	const struct rlimit memory = {(rlim_t)4096 << 20, RLIM_INFINITY}, size = {512, 512};

	(void)state;
	check_explained(-EFBIG, NULL);
	check_explained(-EAGAIN, NULL);
	assert_int_equal(setrlimit(RLIMIT_AS, &memory), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &size), 0);
	check_explained(-EAGAIN, "4096 MB");
	check_explained(-ESRCH, "ulimit -v");
	check_explained(-EFBIG, "512 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors_of_no_limit_are_not_explained),
		cmocka_unit_test(test_files_are_named_with_their_limit),
		cmocka_unit_test(test_memory_and_file_size_are_named_only_when_limited),
	};
	const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};

	/* as it is without any */
	setrlimit(RLIMIT_AS, &none);
	setrlimit(RLIMIT_FSIZE, &none);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
