/* SPDX-License-Identifier: MIT */
/*
 * From a capture to outputs: names for the places, frames cli.md puts in (thread, probe,
 * [truncated]), the call tree, the writers.  Needs no rights; knows no running process.
 */
#ifndef CTRACE_CLI_REPORT_PIPELINE_H
#define CTRACE_CLI_REPORT_PIPELINE_H

#include "cli/location_names.h"

struct capture;
struct outputs;
struct profile;
struct report_options;

/*
 * The call tree of @capture, finished, to be freed; it borrows @capture's info.
 * -EOVERFLOW: the counts add up to more than 2^63-1.
 */
int report_build_profile(const struct capture *capture, const struct recorded_files *files,
			 const struct report_options *options, struct profile **ret_profile,
			 struct symbol_figures *ret_figures);

struct report_outcome {
	struct symbol_figures symbols;
	char *hottest; /* lines of the hottest functions, for a terminal; "" if nobody looks */
};

void report_outcome_release(struct report_outcome *outcome);

/* Names what needs names and writes every output (outputs_write()).  Reports its errors. */
int report_write(const struct capture *capture, const struct recorded_files *files,
		 const struct report_options *options, struct outputs *outputs,
		 struct report_outcome *ret_outcome);

#endif
