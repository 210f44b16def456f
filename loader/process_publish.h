/* SPDX-License-Identifier: MIT */
/*
 * A process's live mappings as the kernel's mapping table: worked out, put into a slot, assigned.
 * Before it is connected to the maps everything is accepted and nothing written: processes stay
 * dirty.
 */
#ifndef CTRACE_LOADER_PROCESS_PUBLISH_H
#define CTRACE_LOADER_PROCESS_PUBLISH_H

#include "common/cleanup.h"

#include <stdbool.h>
#include <stdint.h>

struct mapping_table;
struct process;
struct process_publisher;

struct process_publisher *process_publisher_new(void);
void process_publisher_free(struct process_publisher *publisher);

/* Errors of slot_store_new(). */
int process_publisher_open_slots(struct process_publisher *publisher, int slots_fd);
void process_publisher_connect(struct process_publisher *publisher, int assignments_fd,
			       int processes_fd);

/* The generation of the latest table published; 0 before the first. */
uint32_t process_publisher_generation(const struct process_publisher *publisher);

/*
 * Publishes @process, which has everything that happened before @as_of_ns, if connected, and takes
 * its dirty mark away.  Reports what fails.
 */
void process_publisher_publish(struct process_publisher *publisher, struct process *process,
			       uint64_t as_of_ns);
/* Has the BPF side met a mapping that @process's table, as it is, does not have? */
bool process_publisher_is_doubted(const struct process_publisher *publisher,
				  const struct process *process);
/* A fork: @child uses its parent's slot (the BPF side has copied the assignment already). */
void process_publisher_share(struct process_publisher *publisher, struct process *child,
			     const struct process *parent);
/* The process ended. */
void process_publisher_drop(struct process_publisher *publisher, struct process *process);

/* The table @process is assigned to, or NULL. */
const struct mapping_table *process_publisher_table(const struct process_publisher *publisher,
						    const struct process *process);

uint64_t process_publisher_kernel_bytes(const struct process_publisher *publisher);

#endif
