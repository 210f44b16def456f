/* SPDX-License-Identifier: MIT */
/* What /proc says of a running process's mappings, beyond the list process_set keeps. */
#ifndef CTRACE_LOADER_PROCESS_MAPS_H
#define CTRACE_LOADER_PROCESS_MAPS_H

#include <stdbool.h>
#include <sys/types.h>

struct object;

/* Is any part of the object's file mapped at all?  Of a process that is gone: yes. */
bool process_maps_file(pid_t pid, const struct object *object);

#endif
