/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "flamegraph/folded_read.h"
#include "flamegraph/format.h"
#include "flamegraph/profile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What @text says, as the folded writer spells it; the caller frees. */
static char *respelled(const char *text, size_t size, struct folded_report *report)
{
	_cleanup_(profile_freep) struct profile *profile = profile_new();
	_cleanup_fclose_ FILE *in = fmemopen((void *)(uintptr_t)text, size, "r");
	const struct format_options options = {0};
	char *again = NULL;
	size_t again_size;
	FILE *out = open_memstream(&again, &again_size);

	assert_int_equal(folded_read(in, profile, 1, report), 0);
	profile_finish(profile);
	format_by_name("folded")->write(profile, &options, out);
	fclose(out);
	return again;
}

static void assert_reads(const char *text, const char *expected)
{
	struct folded_report report;
	_cleanup_free_ char *again = respelled(text, strlen(text), &report);

	assert_string_equal(again, expected);
	assert_int_equal(report.bad_lines, 0);
}

static void test_what_collapsers_leave_is_taken(void **state)
{
	(void)state;
	assert_reads("a;b 1\r\na;b 2\r\n", "a;b 3\n");
	assert_reads("a;b\t7\n", "a;b 7\n");
	assert_reads("\xef\xbb\xbf"
		     "a;b 1\n",
		     "a;b 1\n");
	assert_reads("# made at 99 Hz\n\na;b 1\n#\n", "a;b 1\n");
	assert_reads("a;b 1", "a;b 1\n");
	assert_reads("a;;b; 1\n", "a;b 1\n");
	assert_reads("a;f [m] 3 \n", "a;f [m] 3\n");
}

static void test_what_bpftrace_and_dtrace_print_is_taken(void **state)
{
	(void)state;
	assert_reads("Attaching 1 probe...\n@[\n    f_[k]+1\n    g+2\n, cat]: 3\n",
		     "cat;g;f_[k] 3\n");
	assert_reads("  a`f+0x1\n  a`main+0x2\n  9\n\n  a`f+0x3\n  a`main+0x2\n  1\n",
		     "a`main;a`f 10\n");
}

static void test_suffixes_make_kinds_and_come_back(void **state)
{
	(void)state;
	assert_reads("p;u;i_[i];j_[j];k_[k] 4\np;[unknown];[libc.so.6];w_[w] 1\n",
		     "p;[unknown];[libc.so.6];w_[w] 1\np;u;i_[i];j_[j];k_[k] 4\n");
}

static void test_a_mark_that_counts_by_itself_keeps_its_place(void **state)
{
	(void)state;
	assert_reads("a-1;B 1\na-1 2\na-1;x 3\n", "a-1;B 1\na-1;[unknown] 2\na-1;x 3\n");
}

/* Of a thread a blank is written as "_"; of an object it would be kept. */
static void test_a_first_frame_in_brackets_may_be_a_thread(void **state)
{
	(void)state;
	assert_reads("[ET_NET 0];main 1\n[ET_NET_1];f 4\n[libc 2.so.6];f 2\n[prog 1+0x12];f 3\n",
		     "[ET_NET_0];main 1\n[ET_NET_1];f 4\n[libc 2.so.6];f 2\n[prog 1+0x12];f 3\n");
	assert_reads("main;[ET_NET 0];f 1\n", "main;[ET_NET 0];f 1\n");
}

static void test_a_number_in_a_name_is_no_second_count(void **state)
{
	(void)state;
	assert_reads("main;operator new 12 5\nmain;x 1\n", "main;operator new_12 5\nmain;x 1\n");
}

static void test_two_counts_on_every_line_are_a_comparison(void **state)
{
	struct folded_report report;
	const char text[] = "a;b 1 2\na;c 3 0\na;d 0 5\n";
	_cleanup_free_ char *again = respelled(text, strlen(text), &report);

	(void)state;
	assert_true(report.has_before);
	assert_string_equal(again, text);
}

static void test_bad_lines_are_counted_and_left_out(void **state)
{
	struct folded_report report;
	const char text[] =
		"a;b 1\nno count\na;b -1\n;;; 4\na;c 99999999999999999999\na;b x1\na;d 2.6\n";
	_cleanup_free_ char *again = respelled(text, strlen(text), &report);

	(void)state;
	assert_string_equal(again, "a;b 1\na;d 3\n");
	assert_int_equal(report.lines, 7);
	assert_int_equal(report.bad_lines, 5);
	assert_int_equal(report.first_bad_line, 2);
	assert_int_equal(report.rounded, 1);
	assert_int_equal(report.stacks, 2);
}

static void test_lines_longer_than_a_block_are_read(void **state)
{
	enum { FRAMES = 500000 };
	_cleanup_free_ char *text = xmalloc(FRAMES * 5 + 16);
	struct folded_report report;
	char *to = text;

	(void)state;
	for (int i = 0; i < FRAMES; i++)
		to += sprintf(to, "f%03d;", i % 1000);
	strcpy(to, "x 5\n");
	{
		_cleanup_free_ char *again = respelled(text, strlen(text), &report);

		assert_string_equal(again, text);
	}
}

static void test_totals_beyond_63_bits_are_eoverflow(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = profile_new();
	char text[] = "a 9223372036854775807\na 1\n";
	_cleanup_fclose_ FILE *in = fmemopen(text, strlen(text), "r");
	struct folded_report report;

	(void)state;
	assert_int_equal(folded_read(in, profile, 1, &report), -EOVERFLOW);
}

static void test_damaged_packing_is_ebadmsg(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = profile_new();
	char gzip[] = "\x1f\x8b\x08 this is no gzip";
	char zstd[] = "\x28\xb5\x2f\xfd and this no zstd";
	_cleanup_fclose_ FILE *first = fmemopen(gzip, sizeof(gzip), "r");
	_cleanup_fclose_ FILE *second = fmemopen(zstd, sizeof(zstd), "r");
	struct folded_report report;

	(void)state;
	assert_int_equal(folded_read(first, profile, 1, &report), -EBADMSG);
	assert_int_equal(folded_read(second, profile, 1, &report), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_collapsers_leave_is_taken),
		cmocka_unit_test(test_what_bpftrace_and_dtrace_print_is_taken),
		cmocka_unit_test(test_suffixes_make_kinds_and_come_back),
		cmocka_unit_test(test_a_mark_that_counts_by_itself_keeps_its_place),
		cmocka_unit_test(test_a_first_frame_in_brackets_may_be_a_thread),
		cmocka_unit_test(test_a_number_in_a_name_is_no_second_count),
		cmocka_unit_test(test_two_counts_on_every_line_are_a_comparison),
		cmocka_unit_test(test_bad_lines_are_counted_and_left_out),
		cmocka_unit_test(test_lines_longer_than_a_block_are_read),
		cmocka_unit_test(test_totals_beyond_63_bits_are_eoverflow),
		cmocka_unit_test(test_damaged_packing_is_ebadmsg),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
