/* SPDX-License-Identifier: MIT */
/* The process set's own shape, for process_set.c alone. */
#ifndef CTRACE_LOADER_PROCESS_SET_INTERNAL_H
#define CTRACE_LOADER_PROCESS_SET_INTERNAL_H

#include "common/hash_table.h"
#include "loader/process_set.h"

struct process_publisher;

struct pid_entry {
	pid_t pid;
	struct process *process; /* the latest owner of the pid; older ones behind it */
	UT_hash_handle hh;
};

struct process_set {
	struct object_set *objects;
	struct process_publisher *publisher;
	struct pid_entry *by_pid;
	struct process *first, *last;
	uint64_t now_ns;   /* time of what is being applied */
	uint64_t heard_ns; /* every event before is applied */
	uint32_t nr_processes;
	uint32_t nr_held;
};

#endif
