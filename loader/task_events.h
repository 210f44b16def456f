/* SPDX-License-Identifier: MIT */
/*
 * What the kernel tells of the followed processes: executable mappings, forks, execs, exits, in
 * the order they happened, from one dummy perf event per CPU.  Reads and sorts; decides nothing.
 */
#ifndef CTRACE_LOADER_TASK_EVENTS_H
#define CTRACE_LOADER_TASK_EVENTS_H

#include "common/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct task_events;

enum task_event_type {
	TASK_EVENT_FORK, /* pid, tid: the child's; parent: its pid */
	TASK_EVENT_EXIT, /* of the thread tid */
	TASK_EVENT_COMM, /* of the thread tid */
	TASK_EVENT_EXEC, /* the process has a new image; comm is its name */
	TASK_EVENT_MMAP, /* executable memory */
};

struct task_event {
	enum task_event_type type;
	uint64_t time_ns;
	pid_t pid, tid, parent;
	const char *comm; /* COMM and EXEC; valid during the callback, as path is */
	uint64_t start, end, off, inode;
	uint32_t dev_major, dev_minor;
	const char *path;
};

/*
 * Follows @pid, its threads and, with @children, the processes it will start; -1: every process.
 * Errors as perf_event_open() and mmap() gave them.
 */
int task_events_open(pid_t pid, bool children, struct task_events **ret_events);
void task_events_free(struct task_events *events);
DEFINE_CLEANUP(struct task_events *, task_events_free);

/*
 * From now on of every process: what the kernel does not let be inherited is heard of that way.
 * The descriptors of before are silent then, and there are new ones behind them.  Errors as above;
 * 0 if it is so already.
 */
int task_events_widen(struct task_events *events);

/* Descriptors, one per CPU, readable when there is something; owned by @events. */
const int *task_events_fds(const struct task_events *events, size_t *ret_nr);

/*
 * Calls @fn for every event that happened before the call, oldest first.  Returns their number.
 */
int task_events_read(struct task_events *events,
		     void (*fn)(const struct task_event *event, void *arg), void *arg);

/* Records the kernel had no room for: the process set must be repaired from /proc. */
uint64_t task_events_lost(const struct task_events *events);

#endif
