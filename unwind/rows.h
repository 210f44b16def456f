/* SPDX-License-Identifier: MIT */
/*
 * The text of `ctrace unwind --rows`: a table expanded to one line per CFI row, spelled as
 * readelf --debug-dump=frames-interp.  Reads a finished table only, so that what is printed is
 * what the kernel walks with.
 */
#ifndef CTRACE_UNWIND_ROWS_H
#define CTRACE_UNWIND_ROWS_H

#include <stdio.h>

struct unwind_table;

/* 0, or -EIO when @out fails. */
int unwind_rows_print(const struct unwind_table *table, FILE *out);

#endif
