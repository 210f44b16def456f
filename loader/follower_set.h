/* SPDX-License-Identifier: MIT */
/*
 * Keeps probes on processes that cannot be left to the kernel's inheritance of events: those that
 * lost their events by calling a program with other rights (setuid, or not readable), with all they
 * start; and, on kernels that mix up the events of parents and children, every process.  Told by
 * its caller who is born and who ends; does not print.
 */
#ifndef CTRACE_LOADER_FOLLOWER_SET_H
#define CTRACE_LOADER_FOLLOWER_SET_H

#include "common/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct follower_set;
struct probe;
struct probe_environment;

/* Of @nr attached probes, borrowed as @env is, whose target was @env->pid. */
struct follower_set *follower_set_new(struct probe *const *probes, size_t nr,
				      const struct probe_environment *env);
/* Before the probes: what was opened for others is the probes' to close. */
void follower_set_free(struct follower_set *set);
DEFINE_CLEANUP(struct follower_set *, follower_set_free);

/* News, oldest first. */
void follower_set_born(struct follower_set *set, pid_t pid, pid_t parent, uint64_t time_ns);
void follower_set_ended(struct follower_set *set, pid_t pid, uint64_t time_ns);
/* The first thread of @pid, while others go on. */
void follower_set_first_thread_ended(struct follower_set *set, pid_t pid);
void follower_set_called_exec(struct follower_set *set, pid_t pid);

/*
 * The kernel took the events of @pid away at @time_ns: opens them again, unless that was done
 * since.  May hits have been missed meanwhile?
 */
bool follower_set_dropped(struct follower_set *set, pid_t pid, uint64_t time_ns);
/* Is any of the probes one whose events are inherited? */
bool follower_set_is_needed(const struct follower_set *set);

struct follower_doubts {
	uint32_t refused; /* events the kernel did not open, for want of descriptors or rights */
	int err;	  /* the first reason, negative errno */
	uint32_t young;	  /* processes whose parent ended before they were kept: may lack hits */
};
struct follower_doubts follower_set_doubts(const struct follower_set *set);

#endif
