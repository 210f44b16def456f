/* SPDX-License-Identifier: MIT */
/* The rows of the format table, one format_<name>.c each. */
#ifndef CTRACE_FLAMEGRAPH_FORMAT_WRITERS_H
#define CTRACE_FLAMEGRAPH_FORMAT_WRITERS_H

struct format;

extern const struct format format_folded;
extern const struct format format_svg;
extern const struct format format_html;
extern const struct format format_pprof;
extern const struct format format_speedscope;
extern const struct format format_firefox;
extern const struct format format_perfetto;
extern const struct format format_chrome;
extern const struct format format_callgrind;
extern const struct format format_csv;
extern const struct format format_tree;
extern const struct format format_top;

#endif
