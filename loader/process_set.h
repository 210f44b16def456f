/* SPDX-License-Identifier: MIT */
/*
 * The processes we follow and their executable mappings, with their history: fed by task events,
 * published to the kernel as mapping tables, asked at the end which object a recorded pc was in.
 * Knows no symbols and no output.
 */
#ifndef CTRACE_LOADER_PROCESS_SET_H
#define CTRACE_LOADER_PROCESS_SET_H

#include "bpf/abi.h"
#include "common/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct code_images;
struct launch_hold;
struct object;
struct object_set;
struct process_jit;
struct process_set;
struct table_pages;
struct task_event;

struct process_mapping {
	uint64_t start, end, off;
	uint64_t bias; /* runtime address minus vaddr */
	const struct object *object;
	uint32_t execs;	    /* image it belongs to */
	uint32_t gen_begin; /* first generation that has it */
	uint32_t gen_end;   /* first generation that no longer has it; 0 = still there */
	uint64_t begin_ns;  /* when it came */
	bool begin_unknown; /* it was there at begin_ns, but may have come before or right after */
};

struct process {
	pid_t pid, parent;
	uint64_t start_ns, end_ns; /* CLOCK_MONOTONIC; end 0 = alive */
	uint32_t execs;
	uint32_t first_execs;	   /* of the image it shared with its parent when it was born */
	uint32_t index;		   /* 0, 1, 2 ... in order of first sight */
	uint32_t slot;		   /* PROCESS_NO_SLOT before the first publication */
	struct table_pages *pages; /* of its table, if that is larger than a slot; or NULL */
	uint32_t nr_threads;
	char comm[CTRACE_COMM_LEN];
	struct process_mapping *mappings;
	size_t nr_mappings, cap_mappings;
	uint32_t *live; /* the live ones of them, by address */
	size_t nr_live, cap_live;
	uint64_t maps_ns;	      /* when its maps were read last */
	uint64_t past_ns;	      /* begin of the last mapping that was gone when heard of */
	bool dirty;		      /* differs from what the kernel has */
	bool is_over_limit;	      /* said to have more mappings than are kept */
	struct launch_hold *hold;     /* stopped by us while its tables are built; or NULL */
	struct process_jit *jit;      /* where its own code is named; or NULL */
	struct code_images *images;   /* of that code, for debuggers; or NULL */
	uint64_t looked_ns;	      /* when these were looked at last */
	struct process *older;	      /* former owner of the same pid */
	struct process *next_sibling; /* in order of first sight */
};

/* Map descriptors are borrowed; -1 until process_set_connect(). */
struct process_set *process_set_new(struct object_set *objects);
void process_set_free(struct process_set *set);
DEFINE_CLEANUP(struct process_set *, process_set_free);

/* Begins to make slots in the kernel's map; -1: in our own memory.  Errors of slot_store_new(). */
int process_set_open_slots(struct process_set *set, int slots_fd);
/* From now on process_set_publish() publishes.  Both -1: nobody is told (walks on the host). */
void process_set_connect(struct process_set *set, int assignments_fd, int processes_fd);

/* Starts to follow a running process: reads its maps.  Errors of opening /proc/PID/maps. */
int process_set_add(struct process_set *set, pid_t pid);

/*
 * Starts to follow a process whose birth nobody told us of; @execs: its image, as the BPF side
 * counts.  Errors as above; 0 if it is followed already.
 */
int process_set_adopt(struct process_set *set, pid_t pid, uint32_t execs);
/* The followed process that has @pid now, or NULL. */
const struct process *process_set_alive(const struct process_set *set, pid_t pid);

/* Stops @pid until process_set_publish().  Is it stopped? */
bool process_set_hold(struct process_set *set, pid_t pid);

/* Every event that happened before @time_ns is applied, or will be before the next publication. */
void process_set_heard(struct process_set *set, uint64_t time_ns);

/*
 * Applies one event; those of processes that are not followed change nothing.  @hold: may stop a
 * child for the time its new tables take.
 */
void process_set_apply(struct process_set *set, const struct task_event *event, bool hold);

/*
 * Reads /proc/PID/maps again and mends what differs, unless it is our table that is behind: then
 * that is published again.  All events must have been applied.  Rate-limited by the caller.
 */
void process_set_repair(struct process_set *set, pid_t pid);
void process_set_repair_all(struct process_set *set);

/*
 * Publishes every process that differs from what the kernel has, then lets go of held ones.
 * Returns the number published.
 */
int process_set_publish(struct process_set *set);

/* Is somebody held back and waiting for process_set_publish()? */
bool process_set_is_holding(const struct process_set *set);

/* The process that had @pid at @time_ns, or NULL. */
const struct process *process_set_find(const struct process_set *set, pid_t pid, uint64_t time_ns);
/* The process @process was forked from, if it still ran that one's image @execs; or NULL. */
const struct process *process_set_parent(const struct process_set *set,
					 const struct process *process, uint32_t execs);
/* The mapping of @pc in the image @execs as generation @generation knew it, or as soon after as
 * it was known; NULL if never. */
const struct process_mapping *process_find_mapping(const struct process *process, uint32_t execs,
						   uint32_t generation, uint64_t pc);
/* The same by time, for a walk that did not go by the table of a generation. */
const struct process_mapping *process_find_mapping_at(const struct process *process, uint32_t execs,
						      uint64_t time_ns, uint64_t pc);
/* All processes ever followed, in order of first sight, linked by next_sibling. */
const struct process *process_set_first(const struct process_set *set, size_t *ret_nr);

/* The table published for @process, or NULL: for walks on the host. */
const struct mapping_table *process_set_table(const struct process_set *set,
					      const struct process *process);

uint64_t process_set_kernel_bytes(const struct process_set *set);

#endif
