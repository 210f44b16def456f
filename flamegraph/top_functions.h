/* SPDX-License-Identifier: MIT */
/* The functions in which most was counted, as lines for a terminal. */
#ifndef CTRACE_FLAMEGRAPH_TOP_FUNCTIONS_H
#define CTRACE_FLAMEGRAPH_TOP_FUNCTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct call_graph;
struct profile;

/* At most @max lines of @graph, heaviest self first; returns how many. */
size_t top_functions_put(const struct call_graph *graph, uint64_t whole, size_t max, bool colours,
			 FILE *out);

/* The same of a finished profile, each line with @prefix, without functions that count nothing. */
void top_functions_print(const struct profile *profile, size_t max, const char *prefix,
			 bool colours, FILE *out);

#endif
