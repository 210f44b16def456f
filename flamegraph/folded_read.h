/* SPDX-License-Identifier: MIT */
/*
 * Folded stacks of anybody's making, into a profile: perf's and bpftrace's collapsers, inferno,
 * DTrace, ours.  Streams: the text is never held.  Takes CRLF, tabs, comments, blank lines,
 * fractions and a second count; what is no stack is counted and left out.  Maps that bpftrace and
 * DTrace printed, one frame a line, are taken too (stack_blocks.h).
 */
#ifndef CTRACE_FLAMEGRAPH_FOLDED_READ_H
#define CTRACE_FLAMEGRAPH_FOLDED_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define FOLDED_MAX_LINE ((size_t)64 << 20)

struct profile;

struct folded_report {
	uint64_t lines;
	uint64_t stacks;	 /* lines taken */
	uint64_t bad_lines;	 /* without a count at the end */
	uint64_t first_bad_line; /* from 1 */
	uint64_t rounded;	 /* counts that had a fraction */
	bool has_before;	 /* a differential file: two counts a line */
};

/*
 * Adds all stacks of @in, which may be packed with gzip or zstd, to @profile, times @factor.  In a
 * differential file the last count is the value; profile_count_before() gets the other.
 * -EIO, -EBADMSG (packing), -E2BIG: a line over FOLDED_MAX_LINE; -EOVERFLOW as profile_add();
 * @ret_report is set in any case.
 */
int folded_read(FILE *in, struct profile *profile, double factor, struct folded_report *ret_report);

#endif
