/* SPDX-License-Identifier: MIT */
/* Short names find the file people mean; the loader's cache is read safely whatever it holds. */
#include "test.h"

#include "loader/ld_cache.h"
#include "loader/object_find.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_names_match_with_and_without_version(void **state)
{
	(void)state;
	assert_true(object_name_matches("libc.so.6", "libc"));
	assert_true(object_name_matches("libc.so.6", "libc.so"));
	assert_true(object_name_matches("libc.so.6", "libc.so.6"));
	assert_true(object_name_matches("libc-2.31.so", "libc"));
	assert_true(object_name_matches("python3", "python3"));
	assert_false(object_name_matches("libcrypt.so.1", "libc"));
	assert_false(object_name_matches("libc-client.so.1", "libc"));
	assert_false(object_name_matches("libc.a", "libc"));
	assert_false(object_name_matches("libc", "libc.so.6"));
}

static ino_t inode_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

static void check_found(const char *name, pid_t pid, const char *suffix)
{
	char *path = NULL;
	int fd = object_find(name, pid, &path);

	assert_true(fd >= 0);
	assert_non_null(path);
	if (!strstr(path, suffix))
		print_error("%s: %s\n", name, path);
	assert_non_null(strstr(path, suffix));
	close(fd);
	free(path);
}

static void test_library_is_found_mapped_cached_and_by_path(void **state)
{
	(void)state;
	check_found("libc", getpid(), "/libc.so.6");
	check_found("libc", -1, "/libc.so.6");
	check_found("libc.so.6", -1, "/libc.so.6");
	check_found("sh", -1, "/sh");
	check_found("/bin/sh", -1, "/bin/sh");
}

static void test_no_name_is_the_program_itself(void **state)
{
	int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), fd;
	char *path = NULL;

	(void)state;
	fd = object_find(NULL, getpid(), &path);
	assert_true(fd >= 0);
	assert_int_equal(inode_of(fd), inode_of(self));
	assert_non_null(strstr(path, "test_object_find"));
	close(fd);
	close(self);
	free(path);
}

static void test_what_is_nowhere_is_enoent(void **state)
{
	char *path = NULL;

	(void)state;
	assert_int_equal(object_find("no-such-object", getpid(), &path), -ENOENT);
	assert_int_equal(object_find("/no/such/object", -1, &path), -ENOENT);
	assert_int_equal(object_find("/tmp", -1, &path), -EINVAL);
	assert_int_equal(object_find("lib*", -1, &path), -ENOENT);
	assert_null(path);
}

/* A cache of one library, as ldconfig writes it. */
struct small_cache {
	char magic[20];
	uint32_t nr, len_strings, unused[5];
	int32_t flags;
	uint32_t name, path, os_version;
	uint64_t hwcap;
	char strings[64];
};

static struct small_cache make_cache(void)
{
	struct small_cache cache = {
		.nr = 1,
		.len_strings = sizeof(cache.strings),
		.flags = 0x0303,
		.name = offsetof(struct small_cache, strings),
		.path = offsetof(struct small_cache, strings) + 10,
		.strings = "libx.so.1\0/lib/libx.so.1",
	};

	memcpy(cache.magic, "glibc-ld.so.cache1.1", sizeof(cache.magic));
	return cache;
}

static void check_cache(const struct small_cache *cache, size_t size, const char *expected)
{
	/* on the heap at its exact size, for the sanitizer to see a read beyond */
	void *copy = malloc(size ? size : 1);
	char *path;

	memcpy(copy, cache, size);
	path = ld_cache_find(copy, size, object_name_matches, "libx");
	if (expected)
		assert_string_equal(path, expected);
	else
		assert_null(path);
	free(path);
	free(copy);
}

static void test_cache_gives_the_path_of_a_library(void **state)
{
	struct small_cache cache = make_cache();

	(void)state;
	check_cache(&cache, sizeof(cache), "/lib/libx.so.1");
	cache.flags = 0x0003; /* a 32-bit one */
	check_cache(&cache, sizeof(cache), NULL);
}

static void test_damaged_cache_gives_nothing(void **state)
{
	struct small_cache cache = make_cache();

	(void)state;
	for (size_t size = 0; size < sizeof(cache) - 40; size++)
		check_cache(&cache, size, NULL);
	cache.nr = UINT32_MAX;
	check_cache(&cache, sizeof(cache), NULL);
	cache = make_cache();
	cache.name = UINT32_MAX;
	check_cache(&cache, sizeof(cache), NULL);
	cache = make_cache();
	memset(cache.strings, 'l', sizeof(cache.strings)); /* no end */
	check_cache(&cache, sizeof(cache), NULL);
	cache = make_cache();
	memcpy(cache.magic, "ld.so-1.7.0\0\xff\xff\xff\xff", 16); /* the old format, huge */
	check_cache(&cache, sizeof(cache), NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_match_with_and_without_version),
		cmocka_unit_test(test_library_is_found_mapped_cached_and_by_path),
		cmocka_unit_test(test_no_name_is_the_program_itself),
		cmocka_unit_test(test_what_is_nowhere_is_enoent),
		cmocka_unit_test(test_cache_gives_the_path_of_a_library),
		cmocka_unit_test(test_damaged_cache_gives_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
