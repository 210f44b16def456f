/* SPDX-License-Identifier: MIT */
/* --stats FILE: the figures of a run as JSON, laid out as cli.md says. */
#ifndef CTRACE_CLI_STATS_JSON_H
#define CTRACE_CLI_STATS_JSON_H

#include "cli/output_file.h"

struct run_figures;

/* Opens @path before the run, so that a bad one shows early; NULL gives NULL.  Reports errors. */
int stats_json_open(const char *path, struct output_file **ret_file);
/* Writes and gives the file its name.  Reports errors. */
int stats_json_write(const struct run_figures *figures, struct output_file *file);

#endif
