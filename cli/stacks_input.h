/* SPDX-License-Identifier: MIT */
/*
 * What `ctrace flamegraph` and `ctrace diff` read: folded stacks, captures, and pages that ctrace
 * has drawn, whichever the first bytes say.  Reports errors itself, one line each.
 */
#ifndef CTRACE_CLI_STACKS_INPUT_H
#define CTRACE_CLI_STACKS_INPUT_H

#include <stdbool.h>

struct capture;
struct profile;

struct stacks_options {
	double factor; /* of every count */
	bool strict;   /* lines that are no stacks are errors */
};

/*
 * Adds the stacks of @path (-: standard input) to @profile, which is not finished.  *ret_capture is
 * set to NULL, or to a capture whose info the profile now borrows, to be freed after it.  -ENODATA:
 * there were none, which is not reported.
 */
int stacks_input_read(const char *path, const struct stacks_options *options,
		      struct profile *profile, struct capture **ret_capture);

#endif
