/* SPDX-License-Identifier: MIT */
/* The rows of the format table, one format_<name>.c each. */
#ifndef CTRACE_FLAMEGRAPH_FORMAT_WRITERS_H
#define CTRACE_FLAMEGRAPH_FORMAT_WRITERS_H

struct format;

extern const struct format format_folded;
extern const struct format format_svg;
extern const struct format format_html;

#endif
