/* SPDX-License-Identifier: MIT */
#include "flamegraph/call_graph.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "flamegraph/hash_index.h"
#include "flamegraph/profile.h"
#include "flamegraph/profile_walk.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NO_CALL UINT32_MAX

/* While walking: until which node a function is already counted. */
struct counting {
	struct call_graph *graph;
	const struct profile_before *before; /* or NULL */
	struct hash_index call_index;
	uint32_t *function_until;
	size_t cap_calls;
};

static bool same_function(const struct frame *a, const struct frame *b)
{
	return a->kind == b->kind && a->module == b->module && !strcmp(a->name, b->name);
}

/* Frames of one function are neighbours: they are sorted by name, kind and module. */
static void number_functions(struct call_graph *graph, const struct profile *profile)
{
	size_t nr;
	const struct frame *frames = profile_frames(profile, &nr);

	graph->functions = xcalloc(nr + 1, sizeof(*graph->functions));
	graph->function_of = xcalloc(nr + 1, sizeof(*graph->function_of));
	for (size_t i = 0; i < nr; i++) {
		if (!i || !same_function(&frames[i - 1], &frames[i]))
			graph->functions[graph->nr_functions++].frame = &frames[i];
		graph->function_of[i] = (uint32_t)(graph->nr_functions - 1);
	}
}

static uint32_t find_call(struct counting *counting, uint32_t caller, uint32_t callee)
{
	struct call_graph *graph = counting->graph;
	uint64_t hash = hash_u64(counting->call_index.seed, (uint64_t)caller << 32 | callee);
	struct hash_probe probe;
	uint32_t row;

	for (row = hash_index_first(&counting->call_index, hash, &probe); row != HASH_INDEX_NONE;
	     row = hash_index_next(&counting->call_index, &probe)) {
		if (graph->calls[row].caller == caller && graph->calls[row].callee == callee)
			return row;
	}
	GROW_ARRAY(graph->calls, graph->nr_calls, counting->cap_calls);
	row = (uint32_t)graph->nr_calls++;
	graph->calls[row] = (struct call_graph_call){.caller = caller, .callee = callee};
	hash_index_insert(&counting->call_index, hash, row);
	return row;
}

static void count_node(struct counting *counting, uint32_t index, uint32_t end,
		       const struct profile_node *node, uint32_t caller, uint32_t callee)
{
	struct call_graph *graph = counting->graph;
	uint32_t call = NO_CALL;

	if (caller != UINT32_MAX && caller != callee)
		call = find_call(counting, caller, callee);
	graph->functions[callee].self += node->self;
	if (counting->before)
		graph->functions[callee].self_before += counting->before[index].self;
	if (index < counting->function_until[callee])
		return;
	graph->functions[callee].total += node->total;
	if (counting->before)
		graph->functions[callee].total_before += counting->before[index].total;
	if (call != NO_CALL)
		graph->calls[call].total += node->total;
	counting->function_until[callee] = end;
}

static uint32_t *subtree_ends(const struct profile *profile)
{
	size_t nr;
	const struct profile_node *nodes = profile_nodes(profile, &nr);
	uint32_t *end = xcalloc(nr, sizeof(*end));

	for (size_t i = nr; i-- > 0;) {
		if (end[i] < i + 1)
			end[i] = (uint32_t)i + 1;
		if (i && end[nodes[i].parent] < end[i])
			end[nodes[i].parent] = end[i];
	}
	return end;
}

static int compare_calls(const void *a, const void *b)
{
	const struct call_graph_call *left = a;
	const struct call_graph_call *right = b;

	if (left->caller != right->caller)
		return left->caller < right->caller ? -1 : 1;
	return (left->callee > right->callee) - (left->callee < right->callee);
}

void call_graph_init(struct call_graph *graph, const struct profile *profile)
{
	struct counting counting = {.graph = graph, .before = profile_before(profile)};
	_cleanup_free_ uint32_t *end = subtree_ends(profile);
	size_t nr;
	const struct profile_node *nodes = profile_nodes(profile, &nr);
	const struct frame *frames = profile_frames(profile, &(size_t){0});

	*graph = (struct call_graph){0};
	number_functions(graph, profile);
	hash_index_init(&counting.call_index);
	counting.function_until = xcalloc(graph->nr_functions + 1, sizeof(uint32_t));
	for (uint32_t i = 1; i < nr; i++) {
		const struct frame *above = nodes[nodes[i].parent].frame;
		uint32_t callee = graph->function_of[nodes[i].frame - frames];

		count_node(&counting, i, end[i], &nodes[i],
			   above ? graph->function_of[above - frames] : UINT32_MAX, callee);
	}
	if (graph->nr_calls)
		qsort(graph->calls, graph->nr_calls, sizeof(*graph->calls), compare_calls);
	hash_index_release(&counting.call_index);
	free(counting.function_until);
}

void call_graph_release(struct call_graph *graph)
{
	free(graph->functions);
	free(graph->function_of);
	free(graph->calls);
}

struct ordering {
	const struct call_graph_function *functions;
	int by_total;
};

static int compare_functions(const void *a, const void *b, void *context)
{
	const struct ordering *ordering = context;
	uint32_t row_a = *(const uint32_t *)a;
	uint32_t row_b = *(const uint32_t *)b;
	const struct call_graph_function *left = &ordering->functions[row_a];
	const struct call_graph_function *right = &ordering->functions[row_b];
	uint64_t first_a = ordering->by_total ? left->total : left->self;
	uint64_t first_b = ordering->by_total ? right->total : right->self;

	if (first_a != first_b)
		return first_a < first_b ? 1 : -1;
	if (left->total != right->total)
		return left->total < right->total ? 1 : -1;
	return (row_a > row_b) - (row_a < row_b);
}

uint32_t *call_graph_order(const struct call_graph *graph, int by_total)
{
	uint32_t *order = xcalloc(graph->nr_functions + 1, sizeof(*order));
	struct ordering ordering = {graph->functions, by_total};

	for (size_t i = 0; i < graph->nr_functions; i++)
		order[i] = (uint32_t)i;
	if (graph->nr_functions)
		qsort_r(order, graph->nr_functions, sizeof(*order), compare_functions, &ordering);
	return order;
}
