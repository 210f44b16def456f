/* SPDX-License-Identifier: MIT */
#include "cli/output_file.h"

#include "test.h"

#include "common/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct fixture {
	char directory[64];
	char *path;
};

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	strcpy(f->directory, "/tmp/test_output_file.XXXXXX");
	if (!mkdtemp(f->directory))
		return -1;
	f->path = xasprintf("%s/out.txt", f->directory);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	unlink(f->path);
	rmdir(f->directory);
	free(f->path);
	free(f);
	return 0;
}

static unsigned int nr_files(const char *directory)
{
	_cleanup_closedir_ DIR *dir = opendir(directory);
	unsigned int nr = 0;

	while (readdir(dir))
		nr++;
	return nr - 2; /* "." and ".." */
}

static void assert_content(const char *path, const char *expected)
{
	_cleanup_fclose_ FILE *in = fopen(path, "re");
	char text[100] = "";

	assert_non_null(in);
	assert_int_equal(fread(text, 1, sizeof(text) - 1, in), strlen(expected));
	assert_string_equal(text, expected);
}

static void write_text(const char *path, const char *text, bool with_commit)
{
	_cleanup_(output_file_freep) struct output_file *file = NULL;

	assert_int_equal(output_file_open(path, &file), 0);
	fputs(text, output_file_stream(file));
	assert_int_equal(output_file_finish(file), 0);
	if (with_commit)
		assert_int_equal(output_file_commit(file), 0);
}

static void test_file_appears_with_commit(void **state)
{
	const struct fixture *f = *state;

	write_text(f->path, "hello\n", true);
	assert_content(f->path, "hello\n");
	assert_int_equal(nr_files(f->directory), 1);
}

static void test_nothing_is_left_without_commit(void **state)
{
	const struct fixture *f = *state;

	write_text(f->path, "hello\n", false);
	assert_int_equal(nr_files(f->directory), 0);
}

static void test_existing_file_stays_until_commit(void **state)
{
	const struct fixture *f = *state;

	write_text(f->path, "old\n", true);
	write_text(f->path, "new\n", false);
	assert_content(f->path, "old\n");
	write_text(f->path, "new\n", true);
	assert_content(f->path, "new\n");
	assert_int_equal(nr_files(f->directory), 1);
}

static void test_link_is_replaced_not_followed(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *target = xasprintf("%s/target", f->directory);
	struct stat st;

	write_text(target, "precious\n", true);
	assert_int_equal(symlink(target, f->path), 0);
	write_text(f->path, "new\n", true);
	assert_content(target, "precious\n");
	assert_int_equal(lstat(f->path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	unlink(target);
}

static void test_mode_follows_the_umask(void **state)
{
	const struct fixture *f = *state;
	mode_t old = umask(027);
	struct stat st;

	write_text(f->path, "", true);
	umask(old);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
}

static void test_impossible_paths_are_refused_at_once(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *missing = xasprintf("%s/no/file", f->directory);
	struct output_file *file = NULL;

	assert_int_equal(output_file_open(f->directory, &file), -EISDIR);
	assert_int_equal(output_file_open(missing, &file), -ENOENT);
	assert_int_equal(output_file_open("/proc/no-such-file", &file), -ENOENT);
	assert_null(file);
}

static void test_device_is_written_and_stays_a_device(void **state)
{
	struct stat st;

	(void)state;
	write_text("/dev/null", "gone\n", true);
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
}

static void test_full_device_is_told_at_the_end(void **state)
{
	_cleanup_(output_file_freep) struct output_file *file = NULL;

	(void)state;
	assert_int_equal(output_file_open("/dev/full", &file), 0);
	fputs("text\n", output_file_stream(file));
	assert_int_equal(output_file_finish(file), -ENOSPC);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_file_appears_with_commit),
		TEST(test_nothing_is_left_without_commit),
		TEST(test_existing_file_stays_until_commit),
		TEST(test_link_is_replaced_not_followed),
		TEST(test_mode_follows_the_umask),
		TEST(test_impossible_paths_are_refused_at_once),
		TEST(test_device_is_written_and_stays_a_device),
		TEST(test_full_device_is_told_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
