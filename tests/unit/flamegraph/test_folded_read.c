/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "flamegraph/folded_read.h"
#include "flamegraph/foreign_text.h"
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

	assert_int_equal(folded_read(in, profile, NULL, report), 0);
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

static void test_what_is_no_count_does_not_make_two_counts_names(void **state)
{
	struct folded_report report;
	const char text[] = "stack,before,after\n#made by a script\na;b 1 2\na;c 3 0\nbroken\n";
	_cleanup_free_ char *again = respelled(text, strlen(text), &report);

	(void)state;
	assert_string_equal(again, "a;b 1 2\na;c 3 0\n");
	assert_int_equal(report.bad_lines, 3);
	/* Whose stacks repeat are names of workers, not counts. */
	assert_reads("main;worker 1 30\nmain;worker 2 20\n",
		     "main;worker_1 30\nmain;worker_2 20\n");
}

static void test_utf_16_is_read_as_windows_writes_it(void **state)
{
	/* "a;é 1" and "a;😀 2", each in its byte order. */
	static const char little[] = "\xff\xfe"
				     "a\0;\0\xe9\0 \0001\0\r\0\n\0a\0;\0\x3d\xd8\x00\xde \0002\0";
	/* Without a mark plain letters tell. */
	static const char unmarked[] = "m\0a\0i\0n\0;\0f\0 \0005\0";
	static const char big[] = "\xfe\xff\0a\0;\0\xe9\0 \0001\0\n\0a\0;\xd8\x3d\xde\x00\0 \0002";
	struct folded_report report;
	_cleanup_free_ char *first = respelled(little, sizeof(little) - 1, &report);
	_cleanup_free_ char *second = respelled(big, sizeof(big) - 1, &report);
	_cleanup_free_ char *third = respelled(unmarked, sizeof(unmarked) - 1, &report);

	(void)state;
	assert_string_equal(first, "a;é 1\na;😀 2\n");
	assert_string_equal(second, first);
	assert_string_equal(third, "main;f 5\n");
}

static void test_fractions_add_up_exactly(void **state)
{
	struct folded_report report;
	const char halves[] = "a;b 0.5\na;c 0.5\na;d 0.5\na;e 0.5\na;b .5\na;f 25e-1\n";
	_cleanup_free_ char *again = respelled(halves, strlen(halves), &report);

	(void)state;
	/* 5 in all; what had most left is rounded up, the first of equals first. */
	assert_string_equal(again, "a;b 1\na;c 1\na;d 1\na;f 2\n");
	assert_int_equal(report.fractions, 6);
	assert_int_equal(report.rounded, 4);
	assert_reads("a;b 0.1\na;b 0.2\na;b 0.7\na;c 1e3\n", "a;b 1\na;c 1000\n");
}

static void test_no_other_spelling_is_a_count(void **state)
{
	struct folded_report report;
	const char text[] =
		"a;b 0x10\na;b inf\na;b nan\na;b 1e99\na;b 1e\na;b .\na;b 1.5.5\na;b 1\n";
	_cleanup_free_ char *again = respelled(text, strlen(text), &report);

	(void)state;
	assert_string_equal(again, "a;b 1\n");
	assert_int_equal(report.bad_lines, 7);
}

static const struct foreign_text *foreign_of(const char *text, size_t size)
{
	_cleanup_(profile_freep) struct profile *profile = profile_new();
	_cleanup_fclose_ FILE *in = fmemopen((void *)(uintptr_t)text, size, "r");
	struct folded_report report;
	int ret = folded_read(in, profile, NULL, &report);

	assert_true((ret == -ENOEXEC) == (report.foreign != NULL));
	return report.foreign;
}

static void assert_foreign(const char *text, size_t size, const char *what)
{
	const struct foreign_text *foreign = foreign_of(text, size);

	assert_non_null(foreign);
	assert_non_null(strstr(foreign->what, what));
}

#define ASSERT_FOREIGN(text, what) assert_foreign(text, sizeof(text) - 1, what)

static void test_what_is_no_folded_stacks_is_recognised(void **state)
{
	(void)state;
	ASSERT_FOREIGN("PERFILE2h\0\0\0\0\0\0\0", "perf");
	ASSERT_FOREIGN("\177ELF\2\1\1\0\0\0\0", "ELF");
	ASSERT_FOREIGN("\x0a\4\x08\1\x10\2\x12\4\x08\1\x10\2\x32\0\x32\3cpu\x32\3abc", "pprof");
	ASSERT_FOREIGN("\x0a\4\x08\1\x10\2\x0a\4\x08\1\x10\2\x0a\4\x08\1\x10\2", "Perfetto");
	ASSERT_FOREIGN("{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\"}",
		       "speedscope");
	ASSERT_FOREIGN("[\n  {\"name\": \"a\", \"ph\": \"X\", \"ts\":\n  1\n}]", "Chrome");
	ASSERT_FOREIGN("{\n  \"a\": [\n    1,\n    2\n  ]\n}\n", "JSON");
	ASSERT_FOREIGN("# callgrind format\nversion: 1\nfn=main\n0 12\n", "callgrind");
	ASSERT_FOREIGN("# To display the perf.data header info, please\n#\n", "perf report");
	ASSERT_FOREIGN("\nThread 1 (LWP 5):\n#0  0x01 in f () at x.c:1\n", "gdb");
	ASSERT_FOREIGN("2026-01-01\nFull thread dump OpenJDK 64-Bit Server VM:\n", "Java");
	ASSERT_FOREIGN("stack,count\nmain;f,3\nmain;g, 4\n", "commas");
}

static void test_odd_names_of_folded_stacks_are_not_taken_for_something_else(void **state)
{
	(void)state;
	assert_reads("{\"a\";b 1\n", "{\"a\";b 1\n");
	assert_reads("[unknown];main 1\n", "[unknown];main 1\n");
	assert_reads("[;{ 1\n", "[;{ 1\n");
	assert_reads("PERFILE2;a 1\n", "PERFILE2;a 1\n");
	assert_reads("\x01\x02\x03\x04;\x05 1\n", "????;? 1\n");
	assert_reads("a,1;b,2 3\n", "a,1;b,2 3\n");
	assert_reads("a;b 1 2.5: cycles: 12 f (d) 3\n", "a;b 1 2.5: cycles: 12 f (d) 3\n");
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
	assert_int_equal(folded_read(in, profile, NULL, &report), -EOVERFLOW);
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
	assert_int_equal(folded_read(first, profile, NULL, &report), -EBADMSG);
	assert_int_equal(folded_read(second, profile, NULL, &report), -EBADMSG);
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
		cmocka_unit_test(test_what_is_no_count_does_not_make_two_counts_names),
		cmocka_unit_test(test_utf_16_is_read_as_windows_writes_it),
		cmocka_unit_test(test_fractions_add_up_exactly),
		cmocka_unit_test(test_no_other_spelling_is_a_count),
		cmocka_unit_test(test_what_is_no_folded_stacks_is_recognised),
		cmocka_unit_test(test_odd_names_of_folded_stacks_are_not_taken_for_something_else),
		cmocka_unit_test(test_bad_lines_are_counted_and_left_out),
		cmocka_unit_test(test_lines_longer_than_a_block_are_read),
		cmocka_unit_test(test_totals_beyond_63_bits_are_eoverflow),
		cmocka_unit_test(test_damaged_packing_is_ebadmsg),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
