/* SPDX-License-Identifier: MIT */
/*
 * The kernel's tracing file system: found where it is mounted, or mounted for our eyes only, so
 * that nothing changes on a machine where nobody has mounted it.
 */
#ifndef CTRACE_LOADER_TRACEFS_H
#define CTRACE_LOADER_TRACEFS_H

#include <stdint.h>

/*
 * Descriptor of its root directory.  -EACCES, -EPERM: no rights; -ENODEV: kernel without tracefs.
 */
int tracefs_open(void);

/* Number of an event, for perf_event_attr.config.  -ENOENT: no such event; -EBADMSG. */
int tracefs_event_id(int tracefs_fd, const char *category, const char *name, uint64_t *ret_id);

/*
 * Calls @fn for every event whose category and name match the globs; a positive return ends it.
 * Returns the number of matches or a negative errno.
 */
int tracefs_match_events(int tracefs_fd, const char *category, const char *name,
			 int (*fn)(const char *category, const char *name, void *arg), void *arg);

/* What to tell a user whom tracefs_open() failed with @err; to be freed. */
char *tracefs_explain(int err);

#endif
