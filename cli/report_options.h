/* SPDX-License-Identifier: MIT */
/*
 * What `ctrace record` and `ctrace report` share on the command line: which files to write, how
 * frames are named, how pictures look, how much is said.
 */
#ifndef CTRACE_CLI_REPORT_OPTIONS_H
#define CTRACE_CLI_REPORT_OPTIONS_H

#include "cli/report_format.h"
#include "cli/symbol_options.h"
#include "flamegraph/format.h"

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

struct output_request {
	const char *path; /* "-": standard output */
	const struct format *format;
};

struct report_options {
	struct output_request *outputs; /* at least one after parsing */
	size_t nr_outputs, cap_outputs;
	char *default_path;	 /* owned; named by outputs */
	const char *format_name; /* -f; NULL: by suffix */
	const char *stats_path;	 /* NULL: none */
	struct format_options graph;
	struct symbol_options symbols;
	bool open;	  /* show the first picture */
	bool modules;	  /* frames as module`function */
	bool line_names;  /* frames as function:line; otherwise functions are told, not lines */
	bool per_process; /* root frame comm-pid */
	bool per_thread;  /* root frame comm-pid/tid */
};

/* The defaults of cli.md.  Strings that get in later are argv's. */
void report_options_init(struct report_options *options);
void report_options_release(struct report_options *options);

/* An argp child with these options; its input is a struct report_options.  Exits on bad usage. */
extern const struct argp report_options_argp;

/*
 * The end of a --help: what @print (may be NULL) prints, every format's name, suffix and meaning,
 * with @captures the capture's,
 * then @examples; to be freed.  What argp's help_filter returns for ARGP_KEY_HELP_EXTRA.
 */
char *report_help_extra(void (*print)(FILE *out), bool captures, const char *examples);

#endif
