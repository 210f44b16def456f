/* SPDX-License-Identifier: MIT */
#include "common/alloc.h"
#include "common/intern.h"
#include "fixtures.h"
#include "symbolize/symbolizer.h"
#include "test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NR 3

static const char *const functions[NR] = {"main", "hidden", "asm_outer"};
static uint64_t vaddrs[NR];

static char top[] = "/tmp/ctrace-symbol-cache-XXXXXX";

/* Names the first @nr functions of the fixture; what was used goes to @ret_source. */
static void symbolize(const char *path, struct intern *strings, size_t nr,
		      struct symbolize_address *addrs, const char **ret_source)
{
	const struct symbolize_options options = {.cache = true};
	struct symbolize_stats stats;

	for (size_t i = 0; i < nr; i++)
		addrs[i] = (struct symbolize_address){.vaddr = vaddrs[i] + 1, .is_return = true};
	assert_int_equal(symbolize_object(path, NULL, NULL, &options, strings, addrs, nr, &stats),
			 0);
	for (size_t i = 0; i < nr; i++)
		assert_string_equal(addrs[i].frames[0].name, functions[i]);
	*ret_source = stats.source;
	symbolize_release(addrs, nr);
}

static char *cached_file(void)
{
	_cleanup_free_ char *path = xasprintf("%s/ctrace/symbols", top);
	DIR *dir = opendir(path);
	struct dirent *entry;
	char *found = NULL;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && !found)
			found = xasprintf("%s/%s", path, entry->d_name);
	if (dir)
		closedir(dir);
	return found;
}

static int clear_cache(void **state)
{
	_cleanup_free_ char *command = xasprintf("rm -rf %s/ctrace", top);

	(void)state;
	return system(command);
}

static void the_second_time_no_file_is_read(void **state)
{
	_cleanup_(intern_freep) struct intern *strings = intern_new();
	struct symbolize_address addrs[NR];
	const char *source;

	(void)state;
	symbolize(FIXTURE("symbols"), strings, NR, addrs, &source);
	assert_null(strstr(source, "cache"));
	symbolize(FIXTURE("symbols"), strings, NR, addrs, &source);
	assert_non_null(strstr(source, "3 of 3 addresses from the cache"));
}

static void new_addresses_are_added(void **state)
{
	_cleanup_(intern_freep) struct intern *strings = intern_new();
	struct symbolize_address addrs[NR];
	const char *source;

	(void)state;
	symbolize(FIXTURE("symbols"), strings, 1, addrs, &source);
	symbolize(FIXTURE("symbols"), strings, NR, addrs, &source);
	symbolize(FIXTURE("symbols"), strings, NR, addrs, &source);
	assert_non_null(strstr(source, "3 of 3 addresses from the cache"));
}

static void damage_costs_the_cache_and_nothing_else(void **state)
{
	_cleanup_(intern_freep) struct intern *strings = intern_new();
	struct symbolize_address addrs[NR];
	const char *source;

	(void)state;
	for (long off = 0; off < 200; off += 7) {
		_cleanup_free_ char *path = NULL;
		FILE *file;
		int byte;

		symbolize(FIXTURE("symbols"), strings, NR, addrs, &source);
		path = cached_file();
		assert_non_null(path);
		file = fopen(path, "r+");
		fseek(file, off, SEEK_SET);
		byte = fgetc(file);
		fseek(file, off, SEEK_SET);
		fputc(byte ^ 0x55, file);
		fclose(file);
		symbolize(FIXTURE("symbols"), strings, NR, addrs, &source);
	}
}

/* "linked" is the same build without symbols, which come from a file beside it. */
static void other_files_of_the_same_build_are_read_anew(void **state)
{
	_cleanup_(intern_freep) struct intern *strings = intern_new();
	struct symbolize_address addrs[NR];
	const char *source;

	(void)state;
	symbolize(FIXTURE("symbols"), strings, NR, addrs, &source);
	symbolize(FIXTURE("linked"), strings, NR, addrs, &source);
	assert_null(strstr(source, "cache"));
}

static void a_missing_home_is_no_harm(void **state)
{
	_cleanup_(intern_freep) struct intern *strings = intern_new();
	struct symbolize_address addrs[NR];
	const char *source;

	(void)state;
	setenv("XDG_CACHE_HOME", "/proc/nowhere", 1);
	symbolize(FIXTURE("symbols"), strings, NR, addrs, &source);
	setenv("XDG_CACHE_HOME", top, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_second_time_no_file_is_read, clear_cache),
		cmocka_unit_test_setup(new_addresses_are_added, clear_cache),
		cmocka_unit_test_setup(damage_costs_the_cache_and_nothing_else, clear_cache),
		cmocka_unit_test_setup(other_files_of_the_same_build_are_read_anew, clear_cache),
		cmocka_unit_test(a_missing_home_is_no_harm),
	};
	char command[64];
	int failed;

	if (!mkdtemp(top))
		return 1;
	setenv("XDG_CACHE_HOME", top, 1);
	for (size_t i = 0; i < NR; i++)
		vaddrs[i] = symbol_vaddr(FIXTURE("symbols"), functions[i]);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(command, sizeof(command), "rm -r %s", top);
	return system(command) || failed;
}
