/* SPDX-License-Identifier: MIT */
/*
 * Starts a program and stops it at its entry point, before its first own instruction, without
 * changing what it sees: argv, environment, directory, terminal, ASLR, user.  If ctrace dies at
 * any moment (SIGKILL too) the program runs on unharmed and is never left stopped: no breakpoint
 * bytes are written, the entry is reached by a uprobe on a raw BPF program that sends the thread
 * a signal which is ignored by default, and ptrace is detached by the kernel.
 * Knows nothing of tables, probes or outputs.
 */
#ifndef CTRACE_LOADER_LAUNCH_H
#define CTRACE_LOADER_LAUNCH_H

#include "common/cleanup.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct launch;

struct launch_options {
	char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH as execvp does */
	const char *user;  /* run as this user; NULL: the one behind sudo/doas, else as we are */
};

/*
 * Forks, PTRACE_SEIZEs and execs; returns with the child in its exec stop: the new image is
 * mapped, nothing of it has run.  After an error nothing is left running.
 * -ENOENT: not found (exit status 127); -EACCES, -ENOEXEC, ...: found but cannot run (126);
 * -EPERM: setuid or setgid program, which must drop its rights before it can be traced;
 * -EAFNOSUPPORT: not a 64-bit program of this machine; anything else: ctrace's own failure.
 * @ret_error gets a sentence for the user, to be freed; set on error only.
 */
int launch_start(const struct launch_options *options, struct launch **ret_launch,
		 char **ret_error);

/*
 * Lets ld.so work and returns with the program stopped at AT_ENTRY (PIE, non-PIE, static,
 * static-PIE, stripped; scripts: their interpreter's).  Signals that arrive meanwhile are
 * delivered.  -ESRCH: it ended before it got there; launch_wait() tells how.
 */
int launch_to_entry(struct launch *launch);

/* Detaches ptrace: the program runs. */
int launch_detach(struct launch *launch);

/* Ends a program that was started but shall not run (an error before launch_detach()). */
void launch_kill(struct launch *launch);

pid_t launch_pid(const struct launch *launch);
int launch_pidfd(const struct launch *launch); /* readable when it has ended; owned by launch */
uint64_t launch_fork_time_ns(const struct launch *launch); /* CLOCK_MONOTONIC */
uint64_t launch_entry_time_ns(const struct launch *launch);

/* Reaps the ended program.  @ret_status as of waitpid().  -EAGAIN: still running. */
int launch_wait(struct launch *launch, int *ret_status);

void launch_free(struct launch *launch);
DEFINE_CLEANUP(struct launch *, launch_free);

/*
 * Holds a process that already runs (a child that has just called exec) while its tables are
 * built, and lets it go.  Invisible to its parent; if ctrace dies the kernel lets it go.
 * hold: -EPERM someone else traces it, -ESRCH gone, -ETIMEDOUT not stopped within 50 ms (then it
 * is let go).
 */
int launch_hold(pid_t tid);
void launch_unhold(pid_t tid);

#endif
