/* SPDX-License-Identifier: MIT */
/* What ctrace says on stderr when a run is over: samples, wholeness, losses, what was written. */
#ifndef CTRACE_CLI_SUMMARY_H
#define CTRACE_CLI_SUMMARY_H

struct run_figures;

/*
 * @hottest: lines of functions, or ""; @written as of outputs_describe().  Losses are warnings; -v
 * lists stops, tables and symbols.
 */
void summary_print(const struct run_figures *figures, const char *hottest, const char *written);

#endif
