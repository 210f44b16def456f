/* SPDX-License-Identifier: MIT */
/* One picture (or whatever format) of one profile: how `ctrace flamegraph` and `diff` end. */
#ifndef CTRACE_CLI_PROFILE_OUTPUT_H
#define CTRACE_CLI_PROFILE_OUTPUT_H

#include <argp.h>
#include <stdbool.h>

struct format;
struct format_options;
struct profile;

struct profile_output {
	const char *path; /* NULL: standard output */
	const struct format *format;
	bool open; /* show it */
};

/* -o, -f and --open; the input of the argp child is a struct profile_output. */
extern const struct argp profile_output_argp;

/*
 * Writes and shows it, text on a terminal through a pager.  Reports errors itself, but for
 * -ENODATA: nothing to draw, and nothing was written but an SVG that says so.
 */
int profile_output_write(const struct profile_output *output, const struct profile *profile,
			 const struct format_options *graph);

#endif
