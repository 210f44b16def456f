/* SPDX-License-Identifier: MIT */
/*
 * The figures of one run in one place, whether they come from a recording that has just ended or
 * from a capture file: what the summary says and --stats writes.
 */
#ifndef CTRACE_CLI_RUN_FIGURES_H
#define CTRACE_CLI_RUN_FIGURES_H

#include "cli/location_names.h"
#include "loader/record.h"

#include <stdbool.h>
#include <stdint.h>

struct capture;

struct run_figures {
	struct record_stats record;
	bool live; /* a recording: the tables' and start-up figures mean something */
	const char **probes;
	size_t nr_probes;
	struct symbol_figures symbols;
	uint64_t finish_ns;
};

/* From a recording that has just ended; the probes are borrowed. */
void run_figures_from_record(const struct record_result *result, const char **probes,
			     size_t nr_probes, struct run_figures *ret_figures);
/* From the ledger inside a capture, by name; borrows from @capture. */
void run_figures_from_capture(const struct capture *capture, struct run_figures *ret_figures);

/* Names and texts of bpf/abi.h's lists, in the order of record_stats. */
const char *stop_name(unsigned int stop);
const char *stop_text(unsigned int stop);
bool stop_is_complete(unsigned int stop);
const char *loss_name(unsigned int loss);
const char *loss_text(unsigned int loss);

#endif
