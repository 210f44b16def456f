/* SPDX-License-Identifier: MIT */
/* Which runtime makes a process's code, by what the process maps. */
#ifndef CTRACE_LOADER_PROCESS_RUNTIME_H
#define CTRACE_LOADER_PROCESS_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

struct jit_runtime;
struct process;

/* That of the image @execs, or NULL. */
const struct jit_runtime *process_runtime(const struct process *process, uint32_t execs);
/* Is the code that the present image makes known to keep frame pointers? */
bool process_keeps_rbp(const struct process *process);

#endif
