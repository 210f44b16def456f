/* SPDX-License-Identifier: MIT */
/*
 * Where a process's runtime tells the names of the code it makes: its perf map and the jitdump
 * files it maps, for each image it has had.  Found while the process lives; read when the image or
 * the recording ends.
 */
#ifndef CTRACE_LOADER_PROCESS_JIT_H
#define CTRACE_LOADER_PROCESS_JIT_H

#include <stdint.h>
#include <sys/types.h>

struct object_mapping;
struct process_jit;

/* @pid has code of its own making in its image @execs; at first sight *@jit is made. */
void process_jit_note_code(struct process_jit **jit, pid_t pid, uint32_t execs);
/* The process maps a file that by its name is a jitdump. */
void process_jit_note_dump(struct process_jit **jit, const struct object_mapping *mapping,
			   uint32_t execs);
/*
 * At @time_ns (CLOCK_MONOTONIC) @pid began its image @execs: what the last one told is read before
 * it is written over, and what lies there is none of the new one's.
 */
void process_jit_note_exec(struct process_jit **jit, pid_t pid, const char *comm, uint32_t execs,
			   uint64_t time_ns);
/* Looks whether the process has become another user, or moved to another root. */
void process_jit_refresh(struct process_jit *jit);
/* The process ends: keeps what others may delete.  @jit may be NULL. */
void process_jit_hold(struct process_jit *jit);
void process_jit_free(struct process_jit *jit);

/* When the image @execs began to tell when its code came to be; 0: it does not.  @jit: or NULL. */
uint64_t process_jit_timed_since(const struct process_jit *jit, uint32_t execs);

/*
 * The name the code at @addr had at @time_ns in the image @execs, or NULL; owned by @jit (which may
 * be NULL).  The files are read at the first question; one that is refused is named in a warning,
 * with @comm.
 */
const char *process_jit_find(struct process_jit *jit, const char *comm, uint32_t execs,
			     uint64_t time_ns, uint64_t addr);

#endif
