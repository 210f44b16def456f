/* SPDX-License-Identifier: MIT */
/* Says, when a recording is over, why stacks were cut at code made at run time, and the cure. */
#ifndef CTRACE_LOADER_JIT_HINTS_H
#define CTRACE_LOADER_JIT_HINTS_H

struct process_set;
struct stack_store;

/* One line for each runtime whose stacks were cut. */
void jit_hints_log(const struct stack_store *stacks, const struct process_set *processes);

#endif
