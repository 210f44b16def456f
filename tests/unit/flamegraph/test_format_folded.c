/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "flamegraph/format.h"
#include "flamegraph/profile.h"

#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct frame mark(const char *name)
{
	return (struct frame){.name = name, .kind = FRAME_KIND_MARK};
}

static struct frame user(const char *name)
{
	return (struct frame){.name = name, .kind = FRAME_KIND_USER};
}

static struct frame of_kind(const char *name, enum frame_kind kind)
{
	return (struct frame){.name = name, .kind = kind};
}

static char *folded(struct profile *profile)
{
	const struct format_options options = {0};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	profile_finish(profile);
	assert_int_equal(format_by_name("folded")->write(profile, &options, out), 0);
	fclose(out);
	return text;
}

static char *folded_of(const struct frame *frames, size_t nr)
{
	_cleanup_(profile_freep) struct profile *profile = profile_new();

	assert_int_equal(profile_add(profile, frames, nr, 1), 0);
	return folded(profile);
}

/* The spelling of one frame between two others. */
static void assert_spelled(const char *name, const char *expected)
{
	const struct frame frames[] = {mark("p"), user(name), user("leaf")};
	_cleanup_free_ char *text = folded_of(frames, 3);
	char line[256];

	snprintf(line, sizeof(line), "p;%s;leaf 1\n", expected);
	assert_string_equal(text, line);
}

static void assert_leaf_spelled(const char *name, const char *expected)
{
	const struct frame frames[] = {mark("p"), user(name)};
	_cleanup_free_ char *text = folded_of(frames, 2);
	char line[256];

	snprintf(line, sizeof(line), "p;%s 1\n", expected);
	assert_string_equal(text, line);
}

static void test_kinds_have_suffixes(void **state)
{
	const struct frame frames[] = {
		mark("prog"),
		user("main"),
		of_kind("helper", FRAME_KIND_INLINED),
		of_kind("lambda", FRAME_KIND_JIT),
		of_kind("[libfoo.so.1]", FRAME_KIND_MODULE),
		of_kind("[unknown]", FRAME_KIND_UNKNOWN),
		of_kind("do_syscall_64", FRAME_KIND_KERNEL),
	};
	_cleanup_free_ char *text = folded_of(frames, 7);

	(void)state;
	assert_string_equal(text, "prog;main;helper_[i];lambda_[j];[libfoo.so.1];[unknown];"
				  "do_syscall_64_[k] 1\n");
}

static void test_names_are_cleaned(void **state)
{
	(void)state;
	assert_spelled("core::hash<[u8; 8]>", "core::hash<[u8: 8]>");
	assert_spelled("(anonymous namespace)::f(int, char)",
		       "(anonymous namespace)::f(int, char)");
	assert_spelled("bad\xff\xc3 utf", "bad\xef\xbf\xbd\xef\xbf\xbd utf");
	assert_spelled("a\tb\nc\rd", "a b c d");
	assert_spelled("\x01\x1b[31m\x7f", "??[31m?");
	assert_spelled("c1\xc2\x9b", "c1?");
	assert_spelled("  trimmed ", "trimmed");
	assert_spelled("", "[unknown]");
	assert_spelled(" \n ", "[unknown]");
	assert_spelled("sp\xc3\xa4t", "sp\xc3\xa4t");
	assert_spelled("operator new 12", "operator new 12");
}

static void test_a_leaf_does_not_end_in_a_number_of_its_own(void **state)
{
	(void)state;
	assert_leaf_spelled("operator new 12", "operator new_12");
	assert_leaf_spelled("f 1.5", "f_1.5");
	assert_leaf_spelled("f 7.", "f_7.");
	assert_leaf_spelled("f 12 ", "f_12");
	assert_leaf_spelled("f12", "f12");
	/* Ours alone reads it as a count. */
	assert_leaf_spelled("f .5", "f_.5");
	assert_leaf_spelled("f 1e5", "f_1e5");
	assert_leaf_spelled("f 1e", "f 1e");
	assert_leaf_spelled("1.2.3", "1.2.3");
}

static void test_a_comm_has_no_blanks_and_is_never_alone(void **state)
{
	const struct frame alone[] = {mark("Web Content 2")};
	_cleanup_free_ char *text = folded_of(alone, 1);

	(void)state;
	assert_string_equal(text, "Web_Content_2;[unknown] 1\n");
}

static void test_frames_that_are_spelled_alike_are_one(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = profile_new();
	const struct frame first[] = {mark("p"), user("a;b"), user("x")};
	const struct frame second[] = {mark("p"), user("a:b"), user("x")};
	const struct frame lines[] = {
		mark("p"), {.name = "a:b", .file = "a.c", .line = 3}, user("y")};
	_cleanup_free_ char *text = NULL;

	(void)state;
	profile_add(profile, first, 3, 1);
	profile_add(profile, second, 3, 2);
	profile_add(profile, lines, 3, 4);
	text = folded(profile);
	assert_string_equal(text, "p;a:b;x 3\np;a:b;y 4\n");
}

static void test_lines_are_sorted_frame_by_frame(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = profile_new();
	const struct frame cold[] = {mark("p"), user("foo.cold"), user("a")};
	const struct frame plain[] = {mark("p"), user("foo"), user("z")};
	const struct frame kernel[] = {mark("p"), of_kind("foo", FRAME_KIND_KERNEL)};
	_cleanup_free_ char *text = NULL;

	(void)state;
	profile_add(profile, cold, 3, 1);
	profile_add(profile, kernel, 2, 1);
	profile_add(profile, plain, 3, 1);
	profile_add(profile, plain, 2, 1);
	text = folded(profile);
	assert_string_equal(text, "p;foo 1\np;foo;z 1\np;foo.cold;a 1\np;foo_[k] 1\n");
}

static void test_an_empty_profile_is_enodata(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = profile_new();
	const struct format_options options = {0};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	profile_finish(profile);
	assert_int_equal(format_by_name("folded")->write(profile, &options, out), -ENODATA);
	fclose(out);
	assert_int_equal(size, 0);
	free(text);
}

/* What the readers of folded stacks accept, in our own words (see docs/formats.md). */
static void test_any_bytes_give_lines_that_every_reader_takes(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = profile_new();
	_cleanup_free_ char *text = NULL;
	regex_t grammar;

	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		char one[] = {(char)byte, '\0'};
		char between[] = {'a', (char)byte, '1', '\0'};
		const struct frame frames[] = {mark(between), user(one), user(between)};

		profile_add(profile, frames, 3, (uint64_t)byte);
	}
	text = folded(profile);
	assert_int_equal(regcomp(&grammar, "^[^; ]+(;[^;[:cntrl:]]+)+ [1-9][0-9]*$",
				 REG_EXTENDED | REG_NOSUB),
			 0);
	for (char *save, *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		const char *count = strrchr(line, ' ');

		assert_int_equal(regexec(&grammar, line, 0, NULL, 0), 0);
		/* A number before the count would be taken for a second one. */
		assert_false(count - line >= 2 && count[-1] == '1' && count[-2] == ' ');
	}
	regfree(&grammar);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds_have_suffixes),
		cmocka_unit_test(test_names_are_cleaned),
		cmocka_unit_test(test_a_leaf_does_not_end_in_a_number_of_its_own),
		cmocka_unit_test(test_a_comm_has_no_blanks_and_is_never_alone),
		cmocka_unit_test(test_frames_that_are_spelled_alike_are_one),
		cmocka_unit_test(test_lines_are_sorted_frame_by_frame),
		cmocka_unit_test(test_an_empty_profile_is_enodata),
		cmocka_unit_test(test_any_bytes_give_lines_that_every_reader_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
