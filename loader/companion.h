/* SPDX-License-Identifier: MIT */
/*
 * A second process beside ctrace, in its process group and asleep.  It tells whether a signal came
 * to ctrace alone or to the whole group, and when ctrace ends without a farewell, by a signal or a
 * crash, it clears away the one thing the kernel does not: uprobe events in tracefs.
 */
#ifndef CTRACE_LOADER_COMPANION_H
#define CTRACE_LOADER_COMPANION_H

#include "common/cleanup.h"

#include <stdbool.h>
#include <sys/types.h>

struct companion;

/* To be called before threads are started.  Negative errno of fork() or pipe(). */
int companion_start(struct companion **ret_companion);
/* The farewell: there is nothing to clear away. */
void companion_free(struct companion *companion);
DEFINE_CLEANUP(struct companion *, companion_free);

/* Has it been sent @sig, too, since it was started?  NULL: no. */
bool companion_was_sent(const struct companion *companion, int sig);

#endif
