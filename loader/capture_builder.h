/* SPDX-License-Identifier: MIT */
/*
 * Turns recorded stacks into a capture: every pc becomes (object, vaddr) through the mappings its
 * process had at that moment, and names nobody can look up later (kernel, JIT, vdso) are put in.
 */
#ifndef CTRACE_LOADER_CAPTURE_BUILDER_H
#define CTRACE_LOADER_CAPTURE_BUILDER_H

struct capture;
struct process_set;
struct stack_store;

/* Fills objects, processes, locations and stacks of @capture; the info block is the caller's. */
int capture_build(struct capture *capture, const struct stack_store *stacks,
		  const struct process_set *processes);

#endif
