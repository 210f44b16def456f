/* SPDX-License-Identifier: MIT */
/* Frames somebody calls their own: those whose name or module a regular expression finds. */
#ifndef CTRACE_FLAMEGRAPH_HIGHLIGHT_H
#define CTRACE_FLAMEGRAPH_HIGHLIGHT_H

#include <stdbool.h>

struct profile;

/* Can @regex be used (POSIX extended)? */
bool highlight_is_valid(const char *regex);
/*
 * By frame of the finished @profile: is it none of those?  Marks of threads and processes are
 * nobody's.  NULL for a regex that is not valid; to be freed.
 */
bool *highlight_others(const struct profile *profile, const char *regex);

#endif
