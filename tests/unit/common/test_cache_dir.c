/* SPDX-License-Identifier: MIT */
#include "common/cache_dir.h"

#include "common/cleanup.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char top[] = "/tmp/ctrace-cache-dir-XXXXXX";

/* Reads @name as text; NULL if it is not there. */
static char *read_text(int dir, const char *name)
{
	uint8_t *bytes = NULL;
	size_t size;

	return cache_dir_read(dir, name, 1000, &bytes, &size) < 0 ? NULL : (char *)bytes;
}

static void a_directory_is_made_only_when_wanted(void **state)
{
	_cleanup_close_ int dir = -1;

	(void)state;
	assert_int_equal(cache_dir_open("made", false), -ENOENT);
	dir = cache_dir_open("made", true);
	assert_true(dir >= 0);
}

static void what_was_written_is_read(void **state)
{
	_cleanup_close_ int dir = cache_dir_open("files", true);
	_cleanup_free_ char *text = NULL;

	(void)state;
	assert_int_equal(cache_dir_write(dir, "a", "first", 5), 0);
	assert_int_equal(cache_dir_write(dir, "a", "second", 6), 0);
	text = read_text(dir, "a");
	assert_string_equal(text, "second");
	assert_null(read_text(dir, "b"));
}

static void large_files_and_links_are_not_read(void **state)
{
	_cleanup_close_ int dir = cache_dir_open("odd", true);
	uint8_t *bytes;
	size_t size;

	(void)state;
	assert_int_equal(cache_dir_write(dir, "large", "0123456789", 10), 0);
	assert_int_equal(cache_dir_read(dir, "large", 9, &bytes, &size), -E2BIG);
	assert_int_equal(symlinkat("/etc/passwd", dir, "link"), 0);
	assert_int_equal(cache_dir_read(dir, "link", 100000, &bytes, &size), -ELOOP);
}

static void a_directory_others_write_to_is_refused(void **state)
{
	_cleanup_close_ int dir = cache_dir_open("shared", true);

	(void)state;
	assert_int_equal(fchmod(dir, 0777), 0);
	assert_int_equal(cache_dir_open("shared", true), -EPERM);
}

static void trimming_removes_the_oldest(void **state)
{
	_cleanup_close_ int dir = cache_dir_open("trimmed", true);
	_cleanup_free_ char *middle = NULL;
	_cleanup_free_ char *newest = NULL;
	static const char *const names[] = {"newest", "oldest", "middle"};
	static const time_t times[] = {3000, 1000, 2000};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct timespec when[2] = {{.tv_sec = times[i]}, {.tv_sec = times[i]}};

		assert_int_equal(cache_dir_write(dir, names[i], "0123456789", 10), 0);
		assert_int_equal(utimensat(dir, names[i], when, 0), 0);
	}
	cache_dir_trim(dir, 25);
	assert_null(read_text(dir, "oldest"));
	middle = read_text(dir, "middle");
	newest = read_text(dir, "newest");
	assert_non_null(middle);
	assert_non_null(newest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_directory_is_made_only_when_wanted),
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(large_files_and_links_are_not_read),
		cmocka_unit_test(a_directory_others_write_to_is_refused),
		cmocka_unit_test(trimming_removes_the_oldest),
	};
	char command[64];
	int failed;

	if (!mkdtemp(top))
		return 1;
	setenv("XDG_CACHE_HOME", top, 1);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(command, sizeof(command), "rm -r %s", top);
	return system(command) || failed;
}
