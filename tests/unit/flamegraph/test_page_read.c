/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "sample_profile.h"

#include "common/cleanup.h"
#include "common/frame.h"
#include "flamegraph/format.h"
#include "flamegraph/page_read.h"
#include "flamegraph/profile.h"
#include "flamegraph/profile_merge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the writer of that name makes of @profile; the caller frees. */
static char *written(const struct profile *profile, const char *format,
		     const struct format_options *options, size_t *ret_size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_size);

	assert_int_equal(format_by_name(format)->write(profile, options, out), 0);
	fclose(out);
	return text;
}

static struct profile *read_back(const char *text, size_t size, struct page_report *report)
{
	struct profile *profile = profile_new();

	assert_int_equal(page_read(text, size, profile, report), 0);
	profile_finish(profile);
	return profile;
}

static void assert_same(const struct profile *a, const struct profile *b, const char *format)
{
	const struct format_options options = {.no_metadata = true};
	size_t a_size, b_size;
	_cleanup_free_ char *a_text = written(a, format, &options, &a_size);
	_cleanup_free_ char *b_text = written(b, format, &options, &b_size);

	assert_int_equal(a_size, b_size);
	assert_memory_equal(a_text, b_text, a_size);
}

static void test_what_was_counted_in_no_stack_comes_back(void **state)
{
	const struct format_options options = {0};
	const struct frame frame = {.name = "f"};
	_cleanup_(profile_freep) struct profile *profile = profile_new(), *again = NULL;
	_cleanup_free_ char *text = NULL;
	struct page_report report;
	size_t size;

	(void)state;
	assert_int_equal(profile_add(profile, &frame, 1, 30), 0);
	assert_int_equal(profile_add(profile, NULL, 0, 170), 0);
	profile_finish(profile);
	text = written(profile, "svg", &options, &size);
	again = read_back(text, size, &report);
	assert_int_equal(profile_total(again), 200);
	assert_same(profile, again, "csv");
}

static void test_a_page_gives_its_stacks_back(void **state)
{
	const char *const formats[] = {"svg", "html"};
	const struct format_options options = {0};
	_cleanup_(profile_freep) struct profile *profile = sample_profile();

	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		size_t size;
		_cleanup_free_ char *text = written(profile, formats[i], &options, &size);
		struct page_report report;
		_cleanup_(profile_freep) struct profile *again = read_back(text, size, &report);

		assert_false(report.has_before);
		assert_false(report.is_pruned);
		assert_int_equal(profile_total(again), profile_total(profile));
		assert_int_equal(profile_frames(again, &size)->kind,
				 profile_frames(profile, &size)->kind);
	}
}

/* Where lines do not tell frames apart, pages hold them; names are made fit for XML. */
static void test_objects_files_and_kinds_come_back(void **state)
{
	const struct frame frames[] = {
		{.name = "app-1/2", .kind = FRAME_KIND_MARK},
		{.name = "f", .full_name = "f(int)", .module = "/m", .file = "/f.c", .line = 7},
		{.name = "g",
		 .kind = FRAME_KIND_INLINED,
		 .module = "/m",
		 .file = "/f.c",
		 .line = 9},
		{.name = "h", .kind = FRAME_KIND_KERNEL},
	};
	const struct format_options options = {0};
	_cleanup_(profile_freep) struct profile *profile = profile_new();
	_cleanup_(profile_freep) struct profile *again = NULL;
	_cleanup_free_ char *text = NULL;
	struct page_report report;
	size_t size;

	(void)state;
	profile_add(profile, frames, 4, INT64_MAX - 5);
	profile_add(profile, frames, 2, 5);
	profile_finish(profile);
	text = written(profile, "svg", &options, &size);
	again = read_back(text, size, &report);
	assert_same(profile, again, "csv");
	assert_same(profile, again, "folded");
	assert_same(profile, again, "speedscope");
}

static void test_a_comparison_comes_back_with_both_sides(void **state)
{
	const struct frame a = {.name = "a"}, b = {.name = "b"};
	const struct format_options options = {.title = "no \"before\":1 here"};
	_cleanup_(profile_freep) struct profile *before = profile_new();
	_cleanup_(profile_freep) struct profile *after = profile_new();
	_cleanup_(profile_freep) struct profile *both = NULL, *again = NULL;
	_cleanup_free_ char *text = NULL;
	struct page_report report;
	size_t size;

	(void)state;
	profile_add(before, &a, 1, 3);
	profile_add(after, &b, 1, 4);
	profile_finish(before);
	profile_finish(after);
	assert_int_equal(profile_compare(before, after, false, &both), 0);
	text = written(both, "html", &options, &size);
	again = read_back(text, size, &report);
	assert_true(report.has_before);
	assert_same(both, again, "folded");
	free(TAKE_PTR(text));
	text = written(after, "svg", &options, &size);
	profile_free(TAKE_PTR(again));
	again = read_back(text, size, &report);
	assert_false(report.has_before);
}

static void test_pruned_frames_are_told(void **state)
{
	const struct format_options options = {.minwidth = 10, .minwidth_percent = true};
	_cleanup_(profile_freep) struct profile *profile = sample_profile();
	_cleanup_(profile_freep) struct profile *again = NULL;
	_cleanup_free_ char *text = NULL;
	struct page_report report;
	size_t size;

	(void)state;
	text = written(profile, "svg", &options, &size);
	again = read_back(text, size, &report);
	assert_true(report.is_pruned);
	assert_int_equal(profile_total(again), profile_total(profile));
}

static int read_text(const char *text)
{
	_cleanup_(profile_freep) struct profile *profile = profile_new();
	struct page_report report;

	return page_read(text, strlen(text), profile, &report);
}

static void test_what_is_no_page_or_damaged_is_told(void **state)
{
	const struct format_options options = {0};
	_cleanup_(profile_freep) struct profile *profile = sample_profile();
	_cleanup_free_ char *text = NULL;
	size_t size;
	char *data;

	(void)state;
	assert_int_equal(read_text(""), -ENOEXEC);
	assert_int_equal(read_text("<svg></svg>"), -ENOEXEC);
	assert_int_equal(read_text("<script id=\"ctrace-data\">"), -EBADMSG);
	text = written(profile, "svg", &options, &size);
	data = strstr(text, "id=\"ctrace-data\">") + strlen("id=\"ctrace-data\">");
	/* The checksum of the packing finds a changed digit, and the end its lack. */
	data[100] = data[100] == 'A' ? 'B' : 'A';
	assert_int_equal(read_text(text), -EBADMSG);
	data[200] = '\0';
	assert_int_equal(read_text(text), -EBADMSG);
}

static void test_profiles_add_up_with_all_they_tell(void **state)
{
	const struct build_id *id;
	_cleanup_(profile_freep) struct profile *sample = sample_profile();
	_cleanup_(profile_freep) struct profile *twice = profile_new();

	(void)state;
	assert_int_equal(profile_add_all(twice, sample), 0);
	assert_int_equal(profile_add_all(twice, sample), 0);
	profile_finish(twice);
	assert_int_equal(profile_total(twice), 2 * profile_total(sample));
	id = profile_build_id(twice, "/srv/server");
	assert_non_null(id);
	assert_int_equal(id->data[0], 0xde);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_page_gives_its_stacks_back),
		cmocka_unit_test(test_what_was_counted_in_no_stack_comes_back),
		cmocka_unit_test(test_objects_files_and_kinds_come_back),
		cmocka_unit_test(test_a_comparison_comes_back_with_both_sides),
		cmocka_unit_test(test_pruned_frames_are_told),
		cmocka_unit_test(test_what_is_no_page_or_damaged_is_told),
		cmocka_unit_test(test_profiles_add_up_with_all_they_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
