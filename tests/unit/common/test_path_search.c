/* SPDX-License-Identifier: MIT */
#include "common/path_search.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/path_search.XXXXXX";

static void make(const char *name, mode_t mode)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", directory, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode);

	assert_true(fd >= 0);
	close(fd);
}

static int set_up(void **state)
{
	_cleanup_free_ char *folder = NULL, *path = NULL;

	(void)state;
	assert_non_null(mkdtemp(directory));
	make("program", 0755);
	make("data", 0644);
	folder = xasprintf("%s/folder", directory);
	assert_int_equal(mkdir(folder, 0755), 0);
	path = xasprintf("/no/such/folder:%s", directory);
	setenv("PATH", path, true);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	assert_int_equal(chdir(directory), 0);
	unlink("program");
	unlink("data");
	rmdir("folder");
	rmdir(directory);
	return 0;
}

static void test_a_program_is_found_by_path(void **state)
{
	_cleanup_free_ char *path = NULL, *expected = xasprintf("%s/program", directory);

	(void)state;
	assert_int_equal(path_search("program", &path), 0);
	assert_string_equal(path, expected);
}

static void test_a_name_with_a_slash_is_not_searched(void **state)
{
	_cleanup_free_ char *path = NULL, *full = xasprintf("%s/program", directory);

	(void)state;
	assert_int_equal(path_search(full, &path), 0);
	assert_string_equal(path, full);
	assert_int_equal(path_search("./program", &path), -ENOENT);
}

static void test_what_cannot_be_executed_is_no_program(void **state)
{
	char *path = NULL;

	(void)state;
	assert_int_equal(path_search("data", &path), -ENOENT);
	assert_int_equal(path_search("folder", &path), -ENOENT);
	assert_int_equal(path_search("", &path), -ENOENT);
	assert_int_equal(path_search("program 1", &path), -ENOENT);
	assert_null(path);
}

static void test_an_empty_entry_is_the_working_directory(void **state)
{
	_cleanup_free_ char *path = NULL;

	(void)state;
	assert_int_equal(chdir(directory), 0);
	setenv("PATH", "/no/such/folder:", true);
	assert_int_equal(path_search("program", &path), 0);
	assert_string_equal(path, "./program");
	setenv("PATH", directory, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_program_is_found_by_path),
		cmocka_unit_test(test_a_name_with_a_slash_is_not_searched),
		cmocka_unit_test(test_what_cannot_be_executed_is_no_program),
		cmocka_unit_test(test_an_empty_entry_is_the_working_directory),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
