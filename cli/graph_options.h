/* SPDX-License-Identifier: MIT */
/*
 * The options that shape a picture (flamegraph.pl's names and meanings) as an argp child, shared
 * by every command that draws.  Its input is a struct format_options, zeroed before parsing; the
 * strings in it are those of argv.
 */
#ifndef CTRACE_CLI_GRAPH_OPTIONS_H
#define CTRACE_CLI_GRAPH_OPTIONS_H

#include <argp.h>

extern const struct argp graph_options_argp;

#endif
