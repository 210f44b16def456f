/* SPDX-License-Identifier: MIT */
/* How a frame is spelled in folded stacks, so that every reader of them finds the same frames. */
#ifndef CTRACE_FLAMEGRAPH_FOLDED_NAME_H
#define CTRACE_FLAMEGRAPH_FOLDED_NAME_H

#include <stdbool.h>

struct frame;

/*
 * The cleaned name with its suffix ("_[k]" ...); to be freed.  A leaf may not end in a number of
 * its own: readers would take it for a second count.
 */
char *folded_name(const struct frame *frame, bool is_leaf);
/* Would folded_name() tell a leaf from a caller? */
bool folded_name_depends_on_leaf(const struct frame *frame);

/* "_[k]", "_[i]", "_[j]" or "". */
const char *folded_suffix(unsigned int kind);

#endif
