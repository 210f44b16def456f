/* SPDX-License-Identifier: MIT */
/* One line of folded stacks taken apart, and what the spelling of a frame says about it. */
#ifndef CTRACE_FLAMEGRAPH_FOLDED_LINE_H
#define CTRACE_FLAMEGRAPH_FOLDED_LINE_H

#include "common/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FOLDED_BILLION 1000000000u

/* As it is written: some scripts count in fractions. */
struct folded_count {
	uint64_t whole;
	uint32_t billionths;
};

struct folded_line {
	size_t start, len; /* the stack's text */
	struct folded_count count, before;
	bool is_blank; /* nothing here, or a comment: no mistake */
};

/*
 * Line end excluded.  False when there is no stack with a count (and, if @two_counts, with two).
 * Counts of 2^63 and more are none; those with a fraction or an exponent are.
 */
bool folded_line_split(const char *text, size_t len, bool two_counts, struct folded_line *ret_line);

/* Would the end of @text, which ends in no blank, be taken for a count?  Gives the blank before. */
bool folded_line_ends_in_count(const char *text, size_t len, size_t *ret_blank);

/* Takes blanks around it and the suffix off @name, which the frame then borrows. */
struct frame folded_frame(char *name, bool is_first);

#endif
