/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "flamegraph/stack_blocks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "stack count\n..." of every stack in @text; the caller frees. */
static char *folded(const char *text)
{
	struct stack_blocks blocks;
	char *all = NULL;
	size_t size;
	FILE *out = open_memstream(&all, &size);

	stack_blocks_init(&blocks, stack_blocks_sniff(text, strlen(text)));
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		const char *stack;
		size_t stack_len;
		uint64_t count;

		if (stack_blocks_take(&blocks, line, len, &stack, &stack_len, &count))
			fprintf(out, "%.*s %" PRIu64 "\n", (int)stack_len, stack, count);
		line += len + (line[len] != '\0');
	}
	{
		const char *stack;
		size_t stack_len;
		uint64_t count;

		if (stack_blocks_end(&blocks, &stack, &stack_len, &count))
			fprintf(out, "%.*s %" PRIu64 "\n", (int)stack_len, stack, count);
	}
	fclose(out);
	stack_blocks_release(&blocks);
	return all;
}

static void assert_folded(const char *text, const char *expected)
{
	char *all = folded(text);

	assert_string_equal(all, expected);
	free(all);
}

static void test_bpftrace_maps_are_stacks_root_first(void **state)
{
	(void)state;
	assert_folded(
		"Attaching 1 probe...\n\n@[\n    leaf+12\n    main+3\n]: 7\n@[\n    b\n]: 1\n",
		"main;leaf 7\nb 1\n");
	assert_folded("@samples[\n\tleaf+12\n\tmain+3\n]: 7\n", "main;leaf 7\n");
}

static void test_keys_beside_a_stack_are_its_outermost_frames(void **state)
{
	(void)state;
	assert_folded("@[\n    leaf+1\n, cat, 12]: 7\n", "cat;12;leaf 7\n");
	assert_folded("@[cat, \n    leaf+1\n]: 7\n", "cat;leaf 7\n");
	assert_folded("@[\n    kernel+1\n,\n    user+2\n, cat]: 3\n", "cat;user;kernel 3\n");
	assert_folded("@[\n    f\n]: 1\n@[cat]: 3\n@x: 4\n", "f 1\ncat 3\n");
}

static void test_only_offsets_are_cut_off(void **state)
{
	(void)state;
	assert_folded("@[\n    f(int)+4\n    a+b\n    operator+\n    n+12\n    +7\n]: 1\n",
		      "+7;n;operator+;a+b;f(int) 1\n");
}

static void test_dtrace_stacks_end_with_their_count(void **state)
{
	(void)state;
	assert_folded(
		"CPU     ID  FUNCTION:NAME\n\n\n   libc`read+0x15\n   app`main+0x9\n    12\n\n"
		"   x`y\n   3\n",
		"app`main;libc`read 12\nx`y 3\n");
}

static void test_a_semicolon_does_not_split_a_frame(void **state)
{
	(void)state;
	assert_folded("@[\n    [u8; 8]::f+1\n]: 7\n", "[u8: 8]::f 7\n");
}

static void test_counts_beyond_63_bits_are_none(void **state)
{
	(void)state;
	assert_folded("@[\n    f\n]: 9223372036854775807\n@[\n    f\n]: 9223372036854775808\n",
		      "f 9223372036854775807\n");
}

static void test_samples_of_perf_script_are_stacks(void **state)
{
	(void)state;
	assert_folded("Web Content  4711/4712 [003] 100.100000:     250000 cpu-clock:pppH: \n"
		      "\tffffffff8105aa26 native_write_msr+0x6 ([kernel.kallsyms])\n"
		      "\tffffffffc0123456 nf_hook+0x6 ([nf_conntrack])\n"
		      "\t    55d0aa001139 f(int (*)(char))+0x10 (/opt/a (b)/demo (deleted))\n"
		      "\t    55d0aa001139 inner (inlined)\n"
		      "\t    7f10aa001139 Lcom/Foo;::bar+0x1 (/tmp/perf-4711.map)\n"
		      "\t    7f10aa029d90 [unknown] (/usr/lib/libc.so.6)\n"
		      "\t               0 [unknown] ([unknown])\n"
		      "\n"
		      "demo  4711 100.101000: cpu-clock:pppH: \n"
		      "\t    55d0aa001149 other+0x10 (/opt/demo)\n",
		      "Web Content;[unknown];[libc.so.6];Lcom/Foo:::bar_[j];inner_[i];"
		      "f(int (*)(char));nf_hook_[k];native_write_msr_[k] 1\n"
		      "demo;other 1\n");
	/* Without call chains a sample is a line; a thread may be called like an address. */
	assert_folded("            dead 23 1.5:  2004008 cycles:  ffffffff81 read_zero+0x7 ([k])\n"
		      "            dead 23 1.6:  2004008 cycles:  55d0aa001149 main+0x7 (/a)\n"
		      "           :4711 99 1.7:  sched:sched_switch: prev_comm=a (b)\n",
		      "dead;read_zero_[k] 1\ndead;main 1\n");
}

static void test_perf_script_may_leave_fields_out(void **state)
{
	(void)state;
	assert_folded(
		"demo 4711/4712 \n\t  55d0aa001149 main\n\ndemo 4711/4712 \n\t 55d0aa001149 f\n",
		"demo;main 1\ndemo;f 1\n");
	assert_folded("demo 4711 250000 cycles: \n\t  55d0aa001149 main\n", "demo;main 1\n");
	assert_folded("\t  55d0aa001149 f\n\t  55d0aa001149 main\n\n\t  ffffffff81000000 g\n",
		      "main;f 1\ng_[k] 1\n");
	assert_folded("# ========\n# cpuid : AuthenticAMD,25,1\n#\n"
		      "demo 1 100.1: cycles: \n\t  55d0aa001149 main\n",
		      "demo;main 1\n");
	assert_folded("Warning:\nProcessed 5 events\n\n"
		      "demo 4711 100.1: cycles: \n\t  55d0aa001149 main\n",
		      "demo;main 1\n");
	assert_folded(
		"ls 7 1.0: PERF_RECORD_COMM: ls:7/7\n"
		"ls 7 1.0: PERF_RECORD_MMAP2 7/7: [0x1(0x2) @ 0 08:01 1 2]: r-xp /usr/bin/ls\n"
		"ls 7 1.1: 250000 \n\t  55d0aa001149 f\n\t  55d0aa001149 main\n\n"
		"ls 7 1.1: PERF_RECORD_EXIT(7:7):(6:6)\n"
		"ls 7 1.2:  55d0aa001149 g (/usr/bin/ls)\n"
		"\nWarning: something was lost\n",
		"ls;main;f 1\nls;g 1\n");
}

static void test_one_event_of_perf_is_drawn(void **state)
{
	(void)state;
	assert_folded("a 1 1.0: 1 cpu_core/cycles/u: \n\t  55d0aa001149 f\n\n"
		      "a 1 1.0: 1 page-faults:u: \n\t  55d0aa001149 g\n\n"
		      "a 1 1.0: 1 cpu_atom/cycles/: \n\t  55d0aa001149 h\n",
		      "a;f 1\na;h 1\n");
}

static void test_numbers_on_lines_of_their_own_are_no_counts_of_folded_stacks(void **state)
{
	static const char *const texts[] = {
		"main;f 3\nmain;g 4\n 12\n 9\nmain;h 5\n",
		" 12\n 9\nmain;f 3\n",
		" idle 3\n 12\n idle 4\n",
		"  12\n  9\n  7\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(stack_blocks_sniff(texts[i], strlen(texts[i])), STACK_BLOCKS_NONE);
}

static void test_folded_stacks_are_not_taken_for_blocks(void **state)
{
	const char *const texts[] = {"",	 "a;b 1\n",    "  a;b 1\n  2\n", "main 1\n5\n",
				     "@;b[ 3\n", "@[cat]: 3\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(stack_blocks_sniff(texts[i], strlen(texts[i])), STACK_BLOCKS_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bpftrace_maps_are_stacks_root_first),
		cmocka_unit_test(test_keys_beside_a_stack_are_its_outermost_frames),
		cmocka_unit_test(test_only_offsets_are_cut_off),
		cmocka_unit_test(test_dtrace_stacks_end_with_their_count),
		cmocka_unit_test(test_a_semicolon_does_not_split_a_frame),
		cmocka_unit_test(test_counts_beyond_63_bits_are_none),
		cmocka_unit_test(test_samples_of_perf_script_are_stacks),
		cmocka_unit_test(test_perf_script_may_leave_fields_out),
		cmocka_unit_test(test_one_event_of_perf_is_drawn),
		cmocka_unit_test(test_numbers_on_lines_of_their_own_are_no_counts_of_folded_stacks),
		cmocka_unit_test(test_folded_stacks_are_not_taken_for_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
