/* SPDX-License-Identifier: MIT */
/* The line under the still picture that says what its colours mean. */
#ifndef CTRACE_FLAMEGRAPH_PAGE_LEGEND_H
#define CTRACE_FLAMEGRAPH_PAGE_LEGEND_H

#include <stdio.h>

struct picture;

/* At (@x, @y), no wider than the picture, as SVG. */
void page_legend_write(const struct picture *picture, double x, double y, FILE *out);

#endif
