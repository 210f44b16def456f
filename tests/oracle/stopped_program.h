/* SPDX-License-Identifier: MIT */
/*
 * A program under the oracles: started as ctrace starts it, its tables built as for the kernel but
 * in our own memory, and its stopped threads walked with the very step the kernel runs.
 */
#ifndef CTRACE_TESTS_STOPPED_PROGRAM_H
#define CTRACE_TESTS_STOPPED_PROGRAM_H

#include "bpf/walk.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

struct stopped_program {
	pid_t pid;
	struct launch *launch;
	struct object_set *objects;
	struct process_set *processes;
	struct table_store *tables;
	struct walk_cache cache;
	struct walk walk; /* the last one: frames, registers, where it ended */
};

/* Starts @argv, stopped before its libraries run.  Says itself what is wrong; negative errno. */
int stopped_program_start(struct stopped_program *program, char **argv);
/* Runs it on to its entry point, where nothing is on the stack yet.  -EIO: it does not get there.
 */
int stopped_program_run_to_entry(struct stopped_program *program);
/* Ends it and frees everything. */
void stopped_program_end(struct stopped_program *program);

/* Reads its mappings again.  Are they other than before? */
bool stopped_program_refresh(struct stopped_program *program);

/* Walks a stopped thread from @regs; returns the enum unwind_stop, frames in program->walk. */
int stopped_program_walk(struct stopped_program *program, const struct user_regs_struct *regs);

/* Reads its memory; 0 or -1. */
int stopped_program_read(const struct stopped_program *program, void *to, uint32_t size,
			 uint64_t addr);

/* A frame's pc of the last walk. */
uint64_t stopped_program_pc(const struct stopped_program *program, uint32_t frame);

/* Does @pc lie in an executable mapping, as of the last refresh? */
bool stopped_program_is_code(const struct stopped_program *program, uint64_t pc);

const char *stop_name(int stop);

#endif
