/* SPDX-License-Identifier: MIT */
/* The functions that changed most from one recording to another, as lines for a terminal. */
#ifndef CTRACE_FLAMEGRAPH_TOP_CHANGES_H
#define CTRACE_FLAMEGRAPH_TOP_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct profile;

/*
 * At most @max functions of a comparison, the largest change of the total first, with what they
 * had before and after: shares, or counts if @counts.  Returns how many functions changed.
 */
size_t top_changes_put(const struct profile *profile, size_t max, bool counts, bool colours,
		       FILE *out);

#endif
