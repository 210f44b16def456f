/* SPDX-License-Identifier: MIT */
/*
 * Pictures (or whatever formats) of one profile: how `ctrace flamegraph` and `diff` end.  Without
 * -o there is one, on standard output, for pipes; what a terminal could not show goes to a file.
 */
#ifndef CTRACE_CLI_PROFILE_OUTPUT_H
#define CTRACE_CLI_PROFILE_OUTPUT_H

#include "common/cleanup.h"

#include <argp.h>
#include <stdbool.h>

struct format;
struct format_options;
struct output_file;
struct profile;

struct profile_target {
	const char *path; /* "-": standard output */
	const struct format *format;
	struct output_file *file;
};

struct profile_output {
	const char *stem; /* the caller's, for the name of a file when none is given */
	struct profile_target *targets; /* at least one after parsing */
	size_t nr, cap;
	char *default_path;
	const struct format *format; /* -f; NULL: by suffix */
	bool open;		     /* show the first picture */
};

/* -o, -f, --open and -q; the input of the argp child is a struct profile_output. */
extern const struct argp profile_output_argp;

/*
 * Opens what has a name, so that work for what cannot be written is not even begun.  @inputs are
 * what will be read: none of them is overwritten but by -o.  Reports errors itself.
 */
int profile_output_begin(struct profile_output *output, const char *const *inputs, size_t nr);

/*
 * Writes and shows them, text on a terminal through a pager.  Reports errors itself, but for
 * -ENODATA: nothing to draw, and nothing was written but an SVG that says so, where no file was.
 * One that fails does not keep the others from being written; the first error is returned.
 */
int profile_output_write(struct profile_output *output, const struct profile *profile,
			 const struct format_options *graph);

/* Does @is hold for every format that is written? */
bool profile_output_all(const struct profile_output *output,
			bool (*is)(const struct format *format));

void profile_output_release(struct profile_output *output);

#endif
