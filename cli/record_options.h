/* SPDX-License-Identifier: MIT */
/* The command line of `ctrace record`, read into what loader/ and the report take. */
#ifndef CTRACE_CLI_RECORD_OPTIONS_H
#define CTRACE_CLI_RECORD_OPTIONS_H

#include "cli/report_options.h"
#include "loader/record.h"

#include <argp.h>

struct record_arguments {
	struct record_options record; /* points into the lists below and into argv */
	struct report_options report;
	const char **probes;
	size_t nr_probes, cap_probes;
	int *cpus;
};

/*
 * Reads @argv, which must outlive @args.  Bad usage, --help and the like end the program with the
 * exit status cli.md prescribes.
 */
void record_arguments_parse(int argc, char **argv, struct record_arguments *args);
void record_arguments_release(struct record_arguments *args);

/* For command_word_find(): which options take a value. */
extern const struct argp record_options_argp;

#endif
