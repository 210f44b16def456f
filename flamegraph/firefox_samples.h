/* SPDX-License-Identifier: MIT */
/* What was counted in one thread, as samples on a time axis, the earliest first. */
#ifndef CTRACE_FLAMEGRAPH_FIREFOX_SAMPLES_H
#define CTRACE_FLAMEGRAPH_FIREFOX_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

struct profile;
struct profile_root;

struct firefox_sample {
	uint32_t node;
	double time; /* milliseconds since the start */
	uint64_t value;
};

/*
 * To be freed.  Where a recording kept time, one sample for each stack and slice, spread over the
 * slice; else one for each stack, one after the other, @interval milliseconds for each count.
 */
struct firefox_sample *firefox_samples(const struct profile *profile,
				       const struct profile_root *root, double interval,
				       size_t *ret_nr);

/* Milliseconds of a slice of time; 0: none were kept. */
double firefox_slice(const struct profile *profile);

#endif
