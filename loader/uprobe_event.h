/* SPDX-License-Identifier: MIT */
/*
 * One tracefs uprobe event over any number of places of one file.  Unlike the events of the
 * `uprobe` PMU it can be inherited by the children of a traced process (those of the PMU make the
 * fork of an unprivileged program fail: checked on 6.18), and all its places come and go at once.
 * It is known by name to the whole machine, so it must be freed; what a killed ctrace left behind
 * is cleared away by the next one.
 */
#ifndef CTRACE_LOADER_UPROBE_EVENT_H
#define CTRACE_LOADER_UPROBE_EVENT_H

#include "common/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct uprobe_event;

/*
 * Defines it; no breakpoint is set before a perf event is opened on it.  @file_fd may be O_PATH
 * and is not needed longer than this call.  Errors of tracefs_open(); -EINVAL: the kernel takes
 * one of the offsets for no place in the file.  @returns: the
 * returns of the functions that begin there.
 */
int uprobe_event_new(int file_fd, const uint64_t *offs, size_t nr, bool returns,
		     struct uprobe_event **ret_event);
/* All perf events on it must be closed.  Accepts NULL. */
void uprobe_event_free(struct uprobe_event *event);
DEFINE_CLEANUP(struct uprobe_event *, uprobe_event_free);

/*
 * Removes the events a process has left behind: to be called when it is dead or dying.  Returns
 * how many are in use still, to be tried again.
 */
int uprobe_event_clear(pid_t pid);

/* perf_event_attr.config of PERF_TYPE_TRACEPOINT. */
uint64_t uprobe_event_id(const struct uprobe_event *event);

#endif
