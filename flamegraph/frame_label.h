/* SPDX-License-Identifier: MIT */
/* What of a name to show in a box that is too narrow for it.  engine/label.js does the same. */
#ifndef CTRACE_FLAMEGRAPH_FRAME_LABEL_H
#define CTRACE_FLAMEGRAPH_FRAME_LABEL_H

#include <stddef.h>

/*
 * At most @room characters of @name: first parameters and template arguments go, then leading
 * scopes, then the end, each leaving an ellipsis.  To be freed; NULL when nothing sensible fits.
 */
char *frame_label(const char *name, size_t room);

#endif
