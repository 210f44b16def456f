/* SPDX-License-Identifier: MIT */
/*
 * Which format an output gets: by -f, or by the suffix of its name.  What is asked for and does not
 * exist is met with what does, before any work is done.
 */
#ifndef CTRACE_CLI_REPORT_FORMAT_H
#define CTRACE_CLI_REPORT_FORMAT_H

#include "flamegraph/format.h"

#include <argp.h>
#include <stdbool.h>

/*
 * The capture file as an entry of the format table: chosen by name and suffix like the others,
 * but written from the capture itself, so write is NULL.
 */
extern const struct format report_format_capture;

/* The format of that name, with @captures also the capture; complains to argp and exits. */
const struct format *report_format_by_name(const char *name, bool captures,
					   struct argp_state *state);

/*
 * The format that the suffix of @path chooses, upper case or lower, with @captures also the
 * capture.  Complains to argp and exits.
 */
const struct format *report_format_by_path(const char *path, bool captures,
					   struct argp_state *state);

/* Complains to argp and exits when @path, not "-", can only be a directory. */
void report_format_reject_directory(const char *path, struct argp_state *state);

/* Is @format text for people, which goes to a pager, or a picture, which a browser shows? */
bool report_format_is_text(const struct format *format);
bool report_format_is_picture(const struct format *format);

#endif
