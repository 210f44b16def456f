/* SPDX-License-Identifier: MIT */
/*
 * The files one run writes: opened and proved writable before anything is recorded, written at
 * the end, and given their names together.  Reports errors itself, one line each.
 */
#ifndef CTRACE_CLI_OUTPUTS_H
#define CTRACE_CLI_OUTPUTS_H

#include "cli/report_options.h"
#include "common/cleanup.h"

#include <stdbool.h>

struct capture;
struct outputs;
struct profile;

/* Opens every output of @options, which must outlive the result.  The system's error. */
int outputs_open(const struct report_options *options, struct outputs **ret_outputs);
void outputs_free(struct outputs *outputs);
DEFINE_CLEANUP(struct outputs *, outputs_free);

/* Does any output need names?  A capture alone does not. */
bool outputs_need_profile(const struct outputs *outputs);

/*
 * Writes them all and gives the first error; those that could be written whole appear all the
 * same, since a recording is never thrown away.  @profile may be NULL when it is not needed, or
 * could not be made: then only captures are written.  Formats that have nothing to show for an
 * empty profile are left out; an SVG says that there is nothing.  A recording without stacks
 * replaces no file that holds something, which is said.
 */
int outputs_write(struct outputs *outputs, const struct capture *capture,
		  const struct profile *profile);

/* Shows the first picture among what was written; a failure is a warning. */
void outputs_show(const struct outputs *outputs);

/* "a.folded, b.svg": what has been written under a name, to be freed; "" if nothing. */
char *outputs_describe(const struct outputs *outputs);

#endif
