/* SPDX-License-Identifier: MIT */
/* Which runtime makes a process's code, by what the process maps. */
#ifndef CTRACE_LOADER_PROCESS_RUNTIME_H
#define CTRACE_LOADER_PROCESS_RUNTIME_H

#include "bpf/abi.h"

#include <stdint.h>

struct jit_runtime;
struct process;

/* That of the image @execs, or NULL. */
const struct jit_runtime *process_runtime(const struct process *process, uint32_t execs);
/* Does the code that the present image makes keep frame pointers? */
enum jit_rbp process_jit_rbp(const struct process *process);

#endif
