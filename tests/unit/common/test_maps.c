/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "common/cleanup.h"
#include "common/maps.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MAX_SEEN 16

struct seen {
	struct maps_entry entry[MAX_SEEN];
	char path[MAX_SEEN][128];
	int nr;
	int stop_at; /* return 7 at that entry */
};

static int collect(const struct maps_entry *entry, void *arg)
{
	struct seen *seen = arg;

	if (seen->nr < MAX_SEEN) {
		seen->entry[seen->nr] = *entry;
		snprintf(seen->path[seen->nr], sizeof(seen->path[0]), "%s", entry->path);
	}
	return ++seen->nr == seen->stop_at ? 7 : 0;
}

static int parse_text(const char *text, struct seen *seen)
{
	_cleanup_fclose_ FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");

	assert_non_null(file);
	return maps_parse(file, collect, seen);
}

static void test_every_field_of_a_line_is_read(void **state)
{
	struct seen seen = {0};
	const struct maps_entry *e = &seen.entry[0];

	(void)state;
	assert_int_equal(parse_text("7f3a1c000000-7f3a1c021000 r-xp 0001f000 fe:10 1048602 "
				    "                   /usr/lib/libc.so.6\n",
				    &seen),
			 0);
	assert_int_equal(seen.nr, 1);
	assert_int_equal(e->start, 0x7f3a1c000000);
	assert_int_equal(e->end, 0x7f3a1c021000);
	assert_int_equal(e->off, 0x1f000);
	assert_int_equal(e->inode, 1048602);
	assert_int_equal(e->dev_major, 0xfe);
	assert_int_equal(e->dev_minor, 0x10);
	assert_true(e->read && !e->write && e->exec && !e->shared && !e->deleted);
	assert_string_equal(seen.path[0], "/usr/lib/libc.so.6");
}

static void test_odd_paths(void **state)
{
	struct seen seen = {0};

	(void)state;
	assert_int_equal(parse_text("1000-2000 rw-s 00000000 00:01 5 /memfd:x (deleted)\n"
				    "2000-3000 ---p 00000000 00:00 0 \n"
				    "3000-4000 ---p 00000000 00:00 0\n"
				    "4000-5000 r-xp 00000000 00:00 0    [vdso]\n"
				    "5000-6000 r-xp 00000000 00:01 9 /a\\012b\\040c d\n"
				    "6000-7000 r-xp 00000000 00:00 0 //anon (deleted)\n"
				    "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 "
				    "                 [vsyscall]",
				    &seen),
			 0);
	assert_int_equal(seen.nr, 7);
	assert_string_equal(seen.path[0], "/memfd:x");
	assert_true(seen.entry[0].deleted && seen.entry[0].shared && seen.entry[0].write);
	assert_string_equal(seen.path[1], "");
	assert_string_equal(seen.path[2], "");
	assert_string_equal(seen.path[3], "[vdso]");
	assert_string_equal(seen.path[4], "/a\nb\\040c d");
	assert_false(seen.entry[4].deleted);
	assert_string_equal(seen.path[5], "//anon");
	assert_int_equal(seen.entry[6].start, 0xffffffffff600000);
}

static void test_a_positive_return_ends_the_reading(void **state)
{
	struct seen seen = {.stop_at = 1};

	(void)state;
	assert_int_equal(parse_text("1000-2000 rw-s 00000000 00:01 5\n"
				    "2000-3000 ---p 00000000 00:00 0\n",
				    &seen),
			 7);
	assert_int_equal(seen.nr, 1);
}

static void test_lines_that_are_no_mapping_are_refused(void **state)
{
	static const char *const lines[] = {
		"\n",
		"x\n",
		"1000 2000 r-xp 00000000 00:00 0\n",
		"1000-2000 r-x 00000000 00:00 0\n",
		"1000-2000 r-xp\n",
		"1000-2000 r-xp 00000000 00-00 0\n",
		"1000-2000 r-xp 00000000 00:00 zero\n",
		"2000-1000 r-xp 00000000 00:00 0\n",
		"11112222333344445-2000 r-xp 00000000 00:00 0\n",
		"1000-2000 r-xp 00000000 111112222:00 0\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct seen seen = {0};

		if (parse_text(lines[i], &seen) != -EBADMSG || seen.nr)
			fail_msg("accepted: %s", lines[i]);
	}
}

static void test_own_maps_hold_this_function(void **state)
{
	_cleanup_fclose_ FILE *file = fopen("/proc/self/maps", "re");
	struct seen seen = {0};

	(void)state;
	assert_non_null(file);
	assert_int_equal(maps_parse(file, collect, &seen), 0);
	for (int i = 0; i < seen.nr && i < MAX_SEEN; i++)
		if (seen.entry[i].exec &&
		    (uintptr_t)test_own_maps_hold_this_function - seen.entry[i].start <
			    seen.entry[i].end - seen.entry[i].start)
			return;
	fail_msg("own code is in none of %d mappings", seen.nr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_field_of_a_line_is_read),
		cmocka_unit_test(test_odd_paths),
		cmocka_unit_test(test_a_positive_return_ends_the_reading),
		cmocka_unit_test(test_lines_that_are_no_mapping_are_refused),
		cmocka_unit_test(test_own_maps_hold_this_function),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
