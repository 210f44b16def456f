/* SPDX-License-Identifier: MIT */
/*
 * The root directories of processes that see other files than we do (containers, chroot), each
 * once and kept open: a container's files are found when its last process is gone.
 */
#ifndef CTRACE_LOADER_ROOT_SET_H
#define CTRACE_LOADER_ROOT_SET_H

#include "common/cleanup.h"

#include <sys/types.h>

struct root_set;

struct process_root {
	const char *path; /* by which it may be found later; NULL: the process has our own root */
	int fd;		  /* of the directory, or -1 */
};

struct root_set *root_set_new(void);
void root_set_free(struct root_set *set);
DEFINE_CLEANUP(struct root_set *, root_set_free);

/* The root of @pid; what it holds lives as long as @set. */
struct process_root root_set_get(struct root_set *set, pid_t pid);

#endif
