/* SPDX-License-Identifier: MIT */
/*
 * The mappings of one process, the list of all it ever had and the live ones in order: what a new
 * one does to those that lie there.  Knows no files and publishes nothing.
 */
#ifndef CTRACE_LOADER_PROCESS_MAPPINGS_H
#define CTRACE_LOADER_PROCESS_MAPPINGS_H

#include <stddef.h>
#include <stdint.h>

struct process;
struct process_mapping;

/* Adds it to the list; one of the process's image that has not ended is live.  Nothing may lie
 * there yet. */
struct process_mapping *process_mappings_add(struct process *process,
					     const struct process_mapping *mapping);

/* The lowest live mapping that overlaps [@start, @end), or NULL.  Valid until something is added.
 */
struct process_mapping *process_mappings_find(const struct process *process, uint64_t start,
					      uint64_t end);

/*
 * Takes [@start, @end) out of the live mappings: a new one lies over them, or they are gone.  What
 * is left of them begins with @generation at @now_ns.  Marks the process dirty if there were any.
 */
void process_mappings_punch(struct process *process, uint64_t start, uint64_t end,
			    uint32_t generation, uint64_t now_ns);

/* The process has a new image: nothing of the old one is live. */
void process_mappings_forget(struct process *process);

/* Live mapping @i in order of address; NULL behind the last. */
const struct process_mapping *process_mappings_live(const struct process *process, size_t i);

#endif
