/* SPDX-License-Identifier: MIT */
/*
 * Where one process's runtime tells the names of the code it makes: its perf map and the jitdump
 * files it maps.  Found while the process lives, read when the recording is over.
 */
#ifndef CTRACE_LOADER_PROCESS_JIT_H
#define CTRACE_LOADER_PROCESS_JIT_H

#include <stdint.h>
#include <sys/types.h>

struct object_mapping;
struct process_jit;

/* @pid has code of its own making; at first sight *@jit is made. */
void process_jit_note_code(struct process_jit **jit, pid_t pid);
/* The process maps a file that by its name is a jitdump. */
void process_jit_note_dump(struct process_jit **jit, const struct object_mapping *mapping);
/* The process ends: keeps what others may delete.  @jit may be NULL. */
void process_jit_hold(struct process_jit *jit);
void process_jit_free(struct process_jit *jit);

/*
 * The name of the code at @addr, or NULL; owned by @jit (which may be NULL).  The files are read at
 * the first question; one that is refused is named in a warning, with @comm.
 */
const char *process_jit_find(struct process_jit *jit, const char *comm, uint64_t addr);

#endif
