/* SPDX-License-Identifier: MIT */
/*
 * What `ctrace flamegraph` and `ctrace diff` read: folded stacks, captures, and pages that ctrace
 * has drawn, whichever the first bytes say.  Reports errors itself, one line each.
 */
#ifndef CTRACE_CLI_STACKS_INPUT_H
#define CTRACE_CLI_STACKS_INPUT_H

#include "flamegraph/folded_read.h"

#include <argp.h>
#include <stdbool.h>

struct capture;
struct profile;

#define STACKS_INPUT_COUNTS_HELP \
	"Counts that end a line of folded stacks: 2 in a comparison (default: guessed)"

struct stacks_options {
	struct folded_options folded;
	bool strict;   /* lines that are no stacks are errors */
	bool one_side; /* of a comparison, only what comes after is wanted */
};

/*
 * Adds the stacks of @path (-: standard input) to @profile, which is not finished.  *ret_capture is
 * set to NULL, or to a capture whose info the profile now borrows, to be freed after it.  -ENODATA:
 * there were none, which is not reported.
 */
int stacks_input_read(const char *path, const struct stacks_options *options,
		      struct profile *profile, struct capture **ret_capture);

/* What --counts says; complains to argp and exits. */
enum folded_counts stacks_input_parse_counts(const char *text, struct argp_state *state);

#endif
