/* SPDX-License-Identifier: MIT */
/*
 * The parts of one recording and the phases they go through: set up, attach, run, finish.  Shared
 * by record*.c; everybody else sees loader/record.h.
 */
#ifndef CTRACE_LOADER_RECORDING_H
#define CTRACE_LOADER_RECORDING_H

#include "loader/probe.h"
#include "loader/record.h"

#include <pthread.h>
#include <sys/resource.h>

struct follower_set;
struct inherited_fds;
struct launch;
struct object_set;
struct process_set;
struct programs;
struct stack_store;
struct table_store;
struct task_events;

struct recording {
	const struct record_options *options;
	struct probe **probes;
	size_t nr_probes;
	struct inherited_fds *inherited_fds;
	struct launch *launch;
	bool has_target;     /* the program has begun: there is something to follow */
	struct rlimit files; /* of the program: as ctrace was started */
	struct programs *programs;
	struct object_set *objects;
	struct table_store *tables;
	struct process_set *processes;
	struct task_events *events;
	struct probe_environment environment; /* of the probes, once there is a program */
	struct follower_set *followers;
	struct stack_store *stacks;
	int statistics_fd; /* keeps the kernel's run-time statistics on; -1 */
	uint64_t began_ns, ended_ns, start_unix_ns;
	uint64_t phase_ns;    /* when setting up began */
	uint64_t lost_events; /* task events lost when last looked at */
	uint32_t nr_late;     /* processes whose probes were taken away, and set again */
	uint64_t latest_ns;   /* the longest of those times */
	size_t nr_left; /* processes that go on when the recording ends, but for the launched one */
	bool interrupted;
};

/* The recording begins, and the stopped target runs. */
int record_let_go(struct recording *r);

/* Lets the target go and runs until the target ends, time or samples are up, or a signal asks for
 * the end. */
int record_loop(struct recording *r);

/* Takes and applies what the kernel has told so far; publishes what changed. */
void record_follow(struct recording *r);
/* What the BPF side tells (struct stack_store_options); @arg is the recording. */
void record_unknown(uint32_t tgid, void *arg);
void record_dropped(uint32_t tgid, uint64_t time_ns, void *arg);
/* Says what the counts of the recording may lack. */
void record_say_doubts(const struct recording *r);

/* Sums the per-CPU counters. */
int record_counters(const struct recording *r, struct walk_counters *ret_counters);

/* Fills the capture's info block and the statistics from a finished recording. */
int record_fill_info(const struct recording *r, struct record_result *result);

#endif
