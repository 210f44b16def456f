/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "common/cleanup.h"
#include "flamegraph/call_graph.h"
#include "flamegraph/folded_read.h"
#include "flamegraph/profile.h"
#include "flamegraph/profile_merge.h"
#include "flamegraph/top_changes.h"
#include "flamegraph/top_functions.h"

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

static uint32_t row_of(const struct call_graph *graph, const char *name)
{
	for (uint32_t i = 0; i < graph->nr_functions; i++) {
		if (!strcmp(graph->functions[i].frame->name, name))
			return i;
	}
	fail_msg("no function %s", name);
	return 0;
}

static uint64_t call_total(const struct call_graph *graph, const char *caller, const char *callee)
{
	uint32_t from = row_of(graph, caller), to = row_of(graph, callee);

	for (size_t i = 0; i < graph->nr_calls; i++) {
		if (graph->calls[i].caller == from && graph->calls[i].callee == to)
			return graph->calls[i].total;
	}
	return 0;
}

static void test_recursion_counts_once(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = profile_of(
		"m;f;f;g;f 5\nm;f 2\nm;g 1\n");
	struct call_graph graph;

	(void)state;
	call_graph_init(&graph, profile);
	assert_int_equal(graph.functions[row_of(&graph, "f")].self, 7);
	assert_int_equal(graph.functions[row_of(&graph, "f")].total, 7);
	assert_int_equal(graph.functions[row_of(&graph, "g")].total, 6);
	assert_int_equal(graph.functions[row_of(&graph, "m")].total, 8);
	assert_int_equal(call_total(&graph, "m", "f"), 7);
	assert_int_equal(call_total(&graph, "f", "g"), 5);
	assert_int_equal(call_total(&graph, "g", "f"), 0);
	assert_int_equal(call_total(&graph, "f", "f"), 0);
	call_graph_release(&graph);
}

/* However functions call each other: what calls a function adds up to what it is in. */
static void test_calls_add_up_to_totals(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = profile_of(
		"m;ping;pong;ping;pong 4\nm;a;b;a;c 1\nm;a;b 2\nm;a;a;d;a 5\nm;d;c;d;b;c 7\n"
		"m;other 5\n");
	struct call_graph graph;

	(void)state;
	call_graph_init(&graph, profile);
	for (uint32_t i = 0; i < graph.nr_functions; i++) {
		uint64_t sum = 0;

		for (size_t c = 0; c < graph.nr_calls; c++)
			sum += graph.calls[c].callee == i ? graph.calls[c].total : 0;
		if (i != row_of(&graph, "m"))
			assert_int_equal(sum, graph.functions[i].total);
	}
	assert_int_equal(graph.functions[row_of(&graph, "ping")].total, 4);
	assert_int_equal(graph.functions[row_of(&graph, "c")].total, 8);
	call_graph_release(&graph);
}

static void test_the_other_side_of_a_comparison_counts_alike(void **state)
{
	_cleanup_(profile_freep) struct profile *before = profile_of("m;f;f 5\nm;g 1\n");
	_cleanup_(profile_freep) struct profile *after = profile_of("m;f 2\n");
	_cleanup_(profile_freep) struct profile *both = NULL;
	struct call_graph graph;

	(void)state;
	assert_int_equal(profile_compare(before, after, false, &both), 0);
	call_graph_init(&graph, both);
	assert_int_equal(graph.functions[row_of(&graph, "f")].total_before, 5);
	assert_int_equal(graph.functions[row_of(&graph, "f")].self_before, 5);
	assert_int_equal(graph.functions[row_of(&graph, "f")].total, 2);
	assert_int_equal(graph.functions[row_of(&graph, "g")].total_before, 1);
	assert_int_equal(graph.functions[row_of(&graph, "g")].total, 0);
	call_graph_release(&graph);
}

static void test_order_is_by_self_or_total_then_name(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = profile_of("m;b 3\nm;a 3\nm;c;d 1\n");
	struct call_graph graph;
	_cleanup_free_ uint32_t *by_self = NULL, *by_total = NULL;

	(void)state;
	call_graph_init(&graph, profile);
	by_self = call_graph_order(&graph, false);
	by_total = call_graph_order(&graph, true);
	assert_int_equal(by_self[0], row_of(&graph, "a"));
	assert_int_equal(by_self[1], row_of(&graph, "b"));
	assert_int_equal(by_self[2], row_of(&graph, "d"));
	assert_int_equal(by_total[0], row_of(&graph, "m"));
	call_graph_release(&graph);
}

/* What @print writes; the caller frees. */
static char *printed(const struct profile *profile,
		     void (*print)(const struct profile *profile, FILE *out))
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	print(profile, out);
	fclose(out);
	return text;
}

static void print_two(const struct profile *profile, FILE *out)
{
	top_functions_print(profile, 2, "> ", false, out);
}

static void print_changes(const struct profile *profile, FILE *out)
{
	assert_int_equal(top_changes_put(profile, 1, false, false, out), 2);
}

static void test_lines_hold_what_counts_and_steer_nothing(void **state)
{
	_cleanup_(profile_freep) struct profile *few = profile_of("m;a\x1b[31m 3\nm;b 1\nm;c 1\n");
	_cleanup_(profile_freep) struct profile *one = profile_of("m;a 3\n");
	_cleanup_free_ char *two = printed(few, print_two), *single = printed(one, print_two);

	(void)state;
	assert_string_equal(two, ">  60.00%   60.00%  a?[31m\n>  20.00%   20.00%  b\n");
	assert_string_equal(single, "> 100.00%  100.00%  a\n");
}

static void test_the_largest_change_comes_first(void **state)
{
	_cleanup_(profile_freep) struct profile *before = profile_of("m;f 5\nm;g 5\n");
	_cleanup_(profile_freep) struct profile *after = profile_of("m;f 9\nm;g 1\n");
	_cleanup_(profile_freep) struct profile *both = NULL;
	_cleanup_free_ char *text = NULL;

	(void)state;
	assert_int_equal(profile_compare(before, after, false, &both), 0);
	text = printed(both, print_changes);
	assert_string_equal(text, " +40.00%   50.00%   90.00%  f\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recursion_counts_once),
		cmocka_unit_test(test_calls_add_up_to_totals),
		cmocka_unit_test(test_the_other_side_of_a_comparison_counts_alike),
		cmocka_unit_test(test_order_is_by_self_or_total_then_name),
		cmocka_unit_test(test_lines_hold_what_counts_and_steer_nothing),
		cmocka_unit_test(test_the_largest_change_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
