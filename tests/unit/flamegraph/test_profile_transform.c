/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "common/cleanup.h"
#include "flamegraph/folded_read.h"
#include "flamegraph/format.h"
#include "flamegraph/profile.h"
#include "flamegraph/profile_merge.h"
#include "flamegraph/profile_roots.h"
#include "flamegraph/profile_transform.h"
#include "flamegraph/time_slices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct profile *profile_of(const char *text)
{
	struct profile *profile = profile_new();
	_cleanup_fclose_ FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	struct folded_report report;

	assert_int_equal(folded_read(in, profile, NULL, &report), 0);
	profile_finish(profile);
	return profile;
}

static void assert_folded(const struct profile *profile, const char *expected)
{
	const struct format_options options = {0};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(format_by_name("folded")->write(profile, &options, out), 0);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

static void assert_transformed(const char *text, const struct profile_transform *how,
			       const char *expected)
{
	_cleanup_(profile_freep) struct profile *profile = profile_of(text);
	_cleanup_(profile_freep) struct profile *transformed = profile_transformed(profile, how,
										   NULL);

	assert_folded(transformed, expected);
}

static void test_reversed_stacks_begin_at_the_leaf(void **state)
{
	const struct profile_transform how = {.reverse = true};

	(void)state;
	assert_transformed("a;b;c 1\na;c 2\na 4\n", &how, "a 4\nc;a 2\nc;b;a 1\n");
}

static void test_only_direct_recursion_collapses(void **state)
{
	const struct profile_transform how = {.collapse_recursion = true};

	(void)state;
	assert_transformed("a;f;f;f;g 1\na;f;g 2\na;f;h;f 3\n", &how, "a;f;g 3\na;f;h;f 3\n");
}

static void test_a_function_has_the_line_of_its_heaviest_frame(void **state)
{
	const struct profile_transform how = {.by_function = true};
	const struct frame light = {.name = "f", .file = "/src/a.h", .line = 3};
	const struct frame heavy = {.name = "f", .file = "/src/f.c", .line = 40};
	_cleanup_(profile_freep) struct profile *profile = profile_new();
	_cleanup_(profile_freep) struct profile *functions = NULL;
	const struct frame *frames;
	size_t nr;

	(void)state;
	assert_int_equal(profile_add(profile, &light, 1, 4), 0);
	assert_int_equal(profile_add(profile, &heavy, 1, 5), 0);
	profile_finish(profile);
	functions = profile_transformed(profile, &how, NULL);
	frames = profile_frames(functions, &nr);
	assert_int_equal(nr, 1);
	assert_string_equal(frames[0].file, "/src/f.c");
	assert_int_equal(frames[0].line, 40);
	assert_int_equal(profile_total(functions), 9);
}

static void test_inlined_frames_count_for_their_callers(void **state)
{
	const struct profile_transform how = {.no_inlined = true};

	(void)state;
	assert_transformed("a;f;i_[i];j_[i] 1\na;f;i_[i];g 2\na;f 4\n", &how, "a;f 5\na;f;g 2\n");
}

static void test_roots_tell_no_more_apart_than_asked(void **state)
{
	const char *const text = "a-1/2;f 1\na-1/3;f 2\nb-c;f 4\nd-7/8;f 8\n";
	struct profile_transform how = {.grouping = GROUP_BY_PROCESS};

	(void)state;
	assert_transformed(text, &how, "a-1;f 3\nb-c;f 4\nd-7;f 8\n");
	how.grouping = GROUP_BY_COMM;
	assert_transformed(text, &how, "a;f 3\nb-c;f 4\nd;f 8\n");
	how.grouping = GROUP_BY_NOTHING;
	assert_transformed(text, &how, "f 15\n");
	how.grouping = GROUP_AS_IS;
	assert_transformed("a-1/2;f 1\na-1/3;f 2\n", &how, "a-1/2;f 1\na-1/3;f 2\n");
}

static void test_bases_reroot_and_drop(void **state)
{
	static const char *const bases[] = {"b"};
	const struct profile_transform how = {.bases = bases, .nr_bases = 1};
	_cleanup_(profile_freep) struct profile *profile = profile_of("a;b;c 1\nx;b;c 2\na;c 4\n");
	_cleanup_(profile_freep) struct profile *transformed = NULL;
	uint64_t dropped;

	(void)state;
	transformed = profile_transformed(profile, &how, &dropped);
	assert_folded(transformed, "b;c 3\n");
	assert_int_equal(dropped, 4);
}

static void test_skip_after_keeps_the_rest(void **state)
{
	static const char *const after[] = {"b"};
	const struct profile_transform how = {.skip_after = after, .nr_skip_after = 1};

	(void)state;
	assert_transformed("a;b;x;b;c 1\na;c 4\n", &how, "a;c 4\nb;c 1\n");
}

static void test_a_comparison_holds_both_and_what_vanished(void **state)
{
	_cleanup_(profile_freep) struct profile *before = profile_of(
		"m;f 1\nm;gone 2\nm;at_0x1f 3\n");
	_cleanup_(profile_freep) struct profile *after = profile_of(
		"m;f 5\nm;new 6\nm;at_0x2e 7\n");
	_cleanup_(profile_freep) struct profile *plain = NULL;
	_cleanup_(profile_freep) struct profile *stripped = NULL;

	(void)state;
	assert_int_equal(profile_compare(before, after, false, &plain), 0);
	assert_folded(plain, "m;at_0x1f 3 0\nm;at_0x2e 0 7\nm;f 1 5\nm;gone 2 0\nm;new 0 6\n");
	assert_int_equal(profile_compare(before, after, true, &stripped), 0);
	assert_folded(stripped, "m;at_0x... 3 7\nm;f 1 5\nm;gone 2 0\nm;new 0 6\n");
	assert_int_equal(profile_before(stripped)[0].total, 6);
}

static void count_at(struct profile *profile, const char *const *names, size_t nr, uint32_t slice,
		     uint64_t value)
{
	uint32_t ids[4], stack;

	for (size_t i = 0; i < nr; i++) {
		const struct frame frame = {.name = names[i]};

		ids[i] = profile_frame(profile, &frame);
	}
	assert_int_equal(profile_stack(profile, ids, nr, &stack), 0);
	assert_int_equal(profile_count_at(profile, stack, slice, value), 0);
}

static void test_slices_of_time_go_where_their_stacks_go(void **state)
{
	static const char *const deep[] = {"m", "f", "f", "g"}, *const flat[] = {"m", "f", "g"};
	const struct profile_transform how = {.collapse_recursion = true};
	_cleanup_(profile_freep) struct profile *profile = profile_new();
	_cleanup_(profile_freep) struct profile *transformed = NULL;
	const struct time_slices *slices;
	const struct time_slice *of;
	size_t nr;

	(void)state;
	count_at(profile, flat, 3, 5, 10);
	count_at(profile, deep, 4, 5, 3);
	count_at(profile, deep, 4, 2, 4);
	profile_finish(profile);
	assert_int_equal(profile_slices(profile)->nr, 3);
	transformed = profile_transformed(profile, &how, NULL);
	assert_folded(transformed, "m;f;g 17\n");
	slices = profile_slices(transformed);
	assert_int_equal(slices->nr, 2);
	of = time_slices_of(slices, 3, &nr);
	assert_int_equal(nr, 2);
	assert_int_equal(of[0].slice, 2);
	assert_int_equal(of[0].value, 4);
	assert_int_equal(of[1].slice, 5);
	assert_int_equal(of[1].value, 13);
	time_slices_of(slices, 2, &nr);
	assert_int_equal(nr, 0);
}

static void test_threads_are_told_by_their_marks(void **state)
{
	_cleanup_(profile_freep) struct profile *threads = profile_of(
		"web-10/11;f 1\nweb-10/12;f 2\nmy-db-7;g 4\n");
	_cleanup_(profile_freep) struct profile *plain = profile_of("main;f 1\nweb-10/12;f 2\n");
	size_t nr;
	struct profile_root *roots = profile_roots(threads, &nr);

	(void)state;
	assert_int_equal(nr, 3);
	assert_string_equal(roots[0].comm, "my-db");
	assert_int_equal(roots[0].pid, 7);
	assert_int_equal(roots[0].tid, 0);
	assert_string_equal(roots[2].name, "web-10/12");
	assert_string_equal(roots[2].comm, "web");
	assert_int_equal(roots[2].tid, 12);
	assert_int_equal(roots[2].total, 2);
	assert_int_equal(roots[1].end, roots[2].node);
	profile_roots_free(roots, nr);
	roots = profile_roots(plain, &nr);
	assert_int_equal(nr, 1);
	assert_string_equal(roots[0].name, "all");
	assert_int_equal(roots[0].depth, 0);
	profile_roots_free(roots, nr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reversed_stacks_begin_at_the_leaf),
		cmocka_unit_test(test_only_direct_recursion_collapses),
		cmocka_unit_test(test_a_function_has_the_line_of_its_heaviest_frame),
		cmocka_unit_test(test_inlined_frames_count_for_their_callers),
		cmocka_unit_test(test_roots_tell_no_more_apart_than_asked),
		cmocka_unit_test(test_bases_reroot_and_drop),
		cmocka_unit_test(test_skip_after_keeps_the_rest),
		cmocka_unit_test(test_a_comparison_holds_both_and_what_vanished),
		cmocka_unit_test(test_threads_are_told_by_their_marks),
		cmocka_unit_test(test_slices_of_time_go_where_their_stacks_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
