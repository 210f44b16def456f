/* SPDX-License-Identifier: MIT */
/* One live line on the terminal while debug information comes over the network. */
#ifndef CTRACE_CLI_FETCH_PROGRESS_H
#define CTRACE_CLI_FETCH_PROGRESS_H

#include <stdint.h>

/* A symbolize_options.fetch_progress; says nothing where standard error is no terminal, or -q. */
void fetch_progress_show(void *arg, uint64_t done, uint64_t total);
/* Removes the line. */
void fetch_progress_end(void);

#endif
