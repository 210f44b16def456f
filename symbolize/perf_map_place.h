/* SPDX-License-Identifier: MIT */
/*
 * Where the perf map of one image of a process is, remembered while the process lives: its own
 * /tmp, the users it has been, the pid it knows itself by, when it began.  So the map is found when
 * the process is gone, container and all, and a map that others left under the pid is not taken for
 * it.  What is in it is perf_map.h's.
 */
#ifndef CTRACE_SYMBOLIZE_PERF_MAP_PLACE_H
#define CTRACE_SYMBOLIZE_PERF_MAP_PLACE_H

#include <stdint.h>
#include <sys/types.h>

#define PERF_MAP_MAX_USERS 8

struct perf_map;

/* A map as it lay there when the image began: it is of those who were before. */
struct perf_map_old {
	dev_t dev;
	ino_t inode;
	uint64_t size; /* 0: there was none */
	uint64_t modified_ns;
	uint64_t digest; /* of its first part */
};

struct perf_map_place {
	pid_t pid;
	pid_t inner_pid;		 /* in the innermost namespace */
	uid_t users[PERF_MAP_MAX_USERS]; /* the latest ones; [0] is the first of all */
	unsigned int nr_users;
	int tmp;	   /* the directory /tmp of its root, or -1 */
	int file;	   /* the map as it was when the process ended, or -1 */
	uint64_t since_ns; /* CLOCK_REALTIME: what was written before is not its */
	struct perf_map_old old;
};

/* Remembers the place for @pid.  Errors of opening /proc/PID/status: the process is gone. */
int perf_map_place_open(pid_t pid, struct perf_map_place *ret_place);
/* The process may have moved to another root, or have become another user. */
void perf_map_place_refresh(struct perf_map_place *place);
/* An image that began at @since_ns (CLOCK_MONOTONIC): what lies there by now is not its. */
void perf_map_place_begin(struct perf_map_place *place, uint64_t since_ns);
/* The process ends: keeps hold of its map, for others to delete and its pid to be given again. */
void perf_map_place_hold(struct perf_map_place *place);
void perf_map_place_close(struct perf_map_place *place);

/* The owner of the file @fd if that is a user the process has been, else the user it is. */
uid_t perf_map_place_owner(const struct perf_map_place *place, int fd);

/*
 * Reads the map: the one held, or else that in the process's own /tmp, or else in the host's.
 * -ENOENT: none, or it is older than the image; -EPERM: not a regular file, or of neither a user
 * the process has been nor root; -E2BIG: over PERF_MAP_MAX_BYTES.
 */
int perf_map_place_load(const struct perf_map_place *place, struct perf_map **ret_map);

#endif
