/* SPDX-License-Identifier: MIT */
/*
 * Makes a traced process report that it has reached one instruction, without changing a byte of
 * it: an event of the kernel for that process alone runs a raw BPF program that sends the thread
 * LAUNCH_TRAP_SIGNAL.
 */
#ifndef CTRACE_LOADER_LAUNCH_TRAP_H
#define CTRACE_LOADER_LAUNCH_TRAP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct launch_place;

/* Ignored by default, so a process whose tracer died while it was on its way takes no harm. */
#define LAUNCH_TRAP_SIGNAL SIGURG

struct launch_trap {
	int event_fd;
	int link_fd;
	uint64_t nr_told; /* hits launch_trap_hit() has told of */
};

/*
 * Arms an instruction of @pid, for every time it is reached.  A hardware breakpoint (1 ms in all,
 * reports before the instruction) where they work, else a uprobe (140 ms, most of it in closing;
 * may report right after the first instruction).  -EPERM, -EACCES: no rights for perf events or
 * BPF; -ENODEV: kernel without both; others of the kernel.
 */
int launch_trap_set(pid_t pid, const struct launch_place *place, struct launch_trap *ret_trap);
/* The same by a uprobe only. */
int launch_trap_set_uprobe(pid_t pid, const struct launch_place *place,
			   struct launch_trap *ret_trap);
/* Does a hardware breakpoint of ours strike? */
bool launch_trap_breakpoints_work(void);
/* Has the instruction been reached since this was asked last? */
bool launch_trap_hit(struct launch_trap *trap);
/* Accepts a trap that was never set: {-1, -1}. */
void launch_trap_remove(struct launch_trap *trap);

#endif
