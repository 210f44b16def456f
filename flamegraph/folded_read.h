/* SPDX-License-Identifier: MIT */
/*
 * Folded stacks of anybody's making, into a profile: perf's and bpftrace's collapsers, inferno,
 * DTrace, ours.  Streams: the text is never held.  Takes CRLF, UTF-16, tabs, comments, blank lines,
 * fractions and a second count; what is no stack is counted and left out.  What bpftrace, DTrace
 * and perf script print, one frame a line, is taken too (stack_blocks.h).
 */
#ifndef CTRACE_FLAMEGRAPH_FOLDED_READ_H
#define CTRACE_FLAMEGRAPH_FOLDED_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define FOLDED_MAX_LINE ((size_t)64 << 20)

struct foreign_text;
struct profile;

/* How many counts end a line: two in a comparison, the one before first. */
enum folded_counts { FOLDED_COUNTS_GUESS, FOLDED_COUNTS_ONE, FOLDED_COUNTS_TWO };

struct folded_options {
	double factor; /* of every count */
	enum folded_counts counts;
};

struct folded_report {
	uint64_t lines;
	uint64_t stacks;	 /* lines taken, or blocks of them */
	uint64_t bad_lines;	 /* without a count at the end */
	uint64_t first_bad_line; /* from 1 */
	uint64_t fractions;	 /* lines with a fraction in their counts */
	uint64_t rounded;	 /* stacks that do not add up to a whole number, or sides of them */
	bool has_before;	 /* a differential file: two counts a line */
	bool is_perf_script;
	uint64_t other_events; /* samples of perf's that were left out: not of the first event */
	const struct foreign_text *foreign; /* or NULL */
};

/*
 * Adds all stacks of @in, which may be packed with gzip or zstd, to @profile.  Without
 * @options they are taken as they are, and the number of counts is guessed.  In a
 * differential file the last count is the value; profile_count_before() gets the other.  What is
 * counted in fractions is added up as such; only sums are rounded, so that all of them together are
 * as near to the truth as can be.
 * -ENOEXEC: something else altogether, ret_report->foreign says what.  -EIO, -EBADMSG (packing),
 * -E2BIG: a line over FOLDED_MAX_LINE; -EOVERFLOW as profile_add();
 * @ret_report is set in any case.
 */
int folded_read(FILE *in, struct profile *profile, const struct folded_options *options,
		struct folded_report *ret_report);

#endif
