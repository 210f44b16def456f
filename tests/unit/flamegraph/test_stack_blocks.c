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
		cmocka_unit_test(test_folded_stacks_are_not_taken_for_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
