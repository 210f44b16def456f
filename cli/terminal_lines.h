/* SPDX-License-Identifier: MIT */
/* Lines that fit the terminal they are shown on.  Knows nothing of what they say. */
#ifndef CTRACE_CLI_TERMINAL_LINES_H
#define CTRACE_CLI_TERMINAL_LINES_H

#include <stddef.h>
#include <stdio.h>

/* Columns of the terminal behind @out; SIZE_MAX where it is none or does not say. */
size_t terminal_lines_width(FILE *out);

/*
 * Writes the lines of @text, UTF-8 with colours (ESC [ ... m), each cut to @width columns: one
 * column a character.  What is cut off ends with "..." and, where colours were used, their reset.
 */
void terminal_lines_put(const char *text, size_t width, FILE *out);

#endif
