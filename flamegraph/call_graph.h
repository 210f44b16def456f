/* SPDX-License-Identifier: MIT */
/*
 * A profile's functions and who calls whom: what tables show.  Recursion counts once: a sample adds
 * to a function, and to a call, however often its stack goes through it.
 */
#ifndef CTRACE_FLAMEGRAPH_CALL_GRAPH_H
#define CTRACE_FLAMEGRAPH_CALL_GRAPH_H

#include <stddef.h>
#include <stdint.h>

struct profile;

struct call_graph_function {
	const struct frame *frame; /* the first of those that only file and line tell apart */
	uint64_t self, total;
	uint64_t self_before, total_before; /* of what profile_before() tells */
};

/*
 * A stack counts for one call to each function in it: to its outermost frame.  So whatever
 * recursion there is, the calls to a function add up to its total, but for what begins with it.
 */
struct call_graph_call {
	uint32_t caller, callee; /* functions; never equal */
	uint64_t total;		 /* 0: only ever met within a recursion */
};

struct call_graph {
	struct call_graph_function *functions; /* in the order of frames */
	size_t nr_functions;
	uint32_t *function_of;	       /* frame -> function */
	struct call_graph_call *calls; /* by caller, then callee */
	size_t nr_calls;
};

void call_graph_init(struct call_graph *graph, const struct profile *profile);
void call_graph_release(struct call_graph *graph);

/* Functions ordered by self (or total), heaviest first, ties by name; to be freed. */
uint32_t *call_graph_order(const struct call_graph *graph, int by_total);

#endif
