/* SPDX-License-Identifier: MIT */
/* What stands where a flame graph was wanted and nothing was counted: an SVG that says why. */
#ifndef CTRACE_FLAMEGRAPH_EMPTY_PICTURE_H
#define CTRACE_FLAMEGRAPH_EMPTY_PICTURE_H

#include <stdio.h>

struct format_options;
struct profile;

/* @profile has no counts; its info, if any, tells what was waited for.  -EIO. */
int empty_picture_write(const struct profile *profile, const struct format_options *options,
			FILE *out);

#endif
