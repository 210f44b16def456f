/* SPDX-License-Identifier: MIT */
/*
 * Keeps a thread of a process that already runs (a child that has just called exec) from running
 * code while its tables are built, and lets it go.  Invisible to the process's parent, and to the
 * process: ptrace interrupts sleeping system calls, and not all of them can be resumed as if
 * nothing had been (signal(7) has a list), so a thread that sleeps is left alone and watched until
 * it wakes.  Each hold has a tracing thread of its own: whatever happens to it or to ctrace, the
 * kernel lets the held one go.
 */
#ifndef CTRACE_LOADER_LAUNCH_HOLD_H
#define CTRACE_LOADER_LAUNCH_HOLD_H

#include "common/cleanup.h"

#include <sys/types.h>

#define LAUNCH_HOLD_TIMEOUT_MS 50

struct launch_hold;

/*
 * Returns once @tid is stopped, or asleep: then it is stopped as soon as it is seen awake.
 * -EPERM: someone else traces it; -ESRCH: gone; -ETIMEDOUT: it did not stop within
 * LAUNCH_HOLD_TIMEOUT_MS and runs on untraced.
 */
int launch_hold(pid_t tid, struct launch_hold **ret_hold);
/* Lets it go on exactly where it was and frees @hold. */
void launch_unhold(struct launch_hold *hold);
DEFINE_CLEANUP(struct launch_hold *, launch_unhold);

#endif
