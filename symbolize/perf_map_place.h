/* SPDX-License-Identifier: MIT */
/*
 * Where a process's perf map is, remembered while the process lives: its own /tmp, its user, the
 * pid it knows itself by.  So the map is found when the process is gone, container and all.  What
 * is in it is perf_map.h's.
 */
#ifndef CTRACE_SYMBOLIZE_PERF_MAP_PLACE_H
#define CTRACE_SYMBOLIZE_PERF_MAP_PLACE_H

#include <sys/types.h>

struct perf_map;

struct perf_map_place {
	pid_t pid;
	pid_t inner_pid; /* in the innermost namespace */
	uid_t uid;
	int tmp;  /* the directory /tmp of its root, or -1 */
	int file; /* the map as it was when the process ended, or -1 */
};

/* Remembers the place for @pid.  Errors of opening /proc/PID/status: the process is gone. */
int perf_map_place_open(pid_t pid, struct perf_map_place *ret_place);
/* The process ends: keeps hold of its map, for others to delete and its pid to be given again. */
void perf_map_place_hold(struct perf_map_place *place);
void perf_map_place_close(struct perf_map_place *place);

/*
 * Reads the map: the one held, or else that in the process's own /tmp, or else in the host's.
 * -ENOENT: none; -EPERM: not a regular file, or of neither the process's user nor root; -E2BIG:
 * over PERF_MAP_MAX_BYTES.
 */
int perf_map_place_load(const struct perf_map_place *place, struct perf_map **ret_map);

#endif
