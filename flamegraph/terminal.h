/* SPDX-License-Identifier: MIT */
/* Text for people at a terminal: colours where they are seen, names without control sequences. */
#ifndef CTRACE_FLAMEGRAPH_TERMINAL_H
#define CTRACE_FLAMEGRAPH_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

/* Does nobody object to colours (NO_COLOR, TERM=dumb), should this be read at a terminal? */
bool terminal_knows_colours(void);
/* And is @out a terminal? */
bool terminal_has_colours(FILE *out);

/* Starts and ends a colour; nothing without @colours. */
const char *terminal_kind_colour(bool colours, unsigned int kind);
const char *terminal_share_colour(bool colours, double percent);
/* Red for more, blue for less, as in pictures. */
const char *terminal_change_colour(bool colours, double change);
const char *terminal_plain(bool colours);

/* @name in valid UTF-8 and without controls: it cannot steer the terminal. */
void terminal_put_name(FILE *out, const char *name);

#endif
