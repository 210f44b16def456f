/* SPDX-License-Identifier: MIT */
/*
 * How code is named, on the command line: what every command that names addresses shares.  Not what
 * is made of the names (report_options.h).
 */
#ifndef CTRACE_CLI_SYMBOL_OPTIONS_H
#define CTRACE_CLI_SYMBOL_OPTIONS_H

#include "symbolize/symbolizer.h"

#include <argp.h>

struct symbol_options {
	struct symbolize_options values; /* its debug_dirs are those below */
	const char **debug_dirs;	 /* NULL-terminated, strings of argv; or NULL */
	size_t nr_debug_dirs;
};

/* The defaults of cli.md. */
void symbol_options_init(struct symbol_options *options);
void symbol_options_release(struct symbol_options *options);

/* An argp child with these options; its input is a struct symbol_options.  Exits on bad usage. */
extern const struct argp symbol_options_argp;

#endif
