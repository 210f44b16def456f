/* SPDX-License-Identifier: MIT */
/*
 * Starts a program and stops it before the first instruction of its own or of its libraries: where
 * the dynamic linker has mapped everything and tells debuggers so, at the entry point where there
 * is no such linker.  What has run by then is the linker alone, and in glibc of before 2.40, which
 * tells after it has relocated, resolvers of IFUNCs; LD_AUDIT's libraries in all.  Changes nothing
 * of what the program sees: argv, environment, directory, terminal, ASLR, user.  If ctrace dies at
 * any moment (SIGKILL too) the program runs on unharmed and is never left stopped: no breakpoint
 * bytes are written, a perf breakpoint runs a raw BPF program that sends the thread a signal which
 * is ignored by default, and the kernel takes both and ptrace off a dead ctrace.
 * Knows nothing of tables, probes or outputs.
 */
#ifndef CTRACE_LOADER_LAUNCH_H
#define CTRACE_LOADER_LAUNCH_H

#include "common/cleanup.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct inherited_fds;
struct launch;
struct rlimit;

struct launch_options {
	char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH as execvp does, but a
			      file without "#!" is not handed to sh */
	const char *user;  /* run as this user; NULL: the one behind sudo/doas, else as we are.  As
			      someone else: in their environment, see launch_user_environment() */
	const struct rlimit *files; /* its limit of open files; NULL: ours */
	const sigset_t *mask; /* signal mask of the program: the one from before ctrace blocked
				 signals; NULL: as it is now */
	const struct inherited_fds *fds; /* the descriptors it keeps besides 0 to 2; NULL: all
					    without O_CLOEXEC */
};

/*
 * Forks, PTRACE_SEIZEs and execs; returns with the child in its exec stop: the new image is
 * mapped, nothing of it has run.  After an error nothing is left running.  The program inherits
 * the caller's ignored signals and limits.  Every call on a
 * launch must come from the thread that started it: the kernel ties ptrace to a thread.
 * -ENOENT: not found (exit status 127); -EACCES, -ENOEXEC, ...: found but cannot run (126);
 * -EPERM: setuid or setgid program, which must drop its rights before it can be traced;
 * -EAFNOSUPPORT: not a 64-bit program of this machine; anything else: ctrace's own failure.
 * @ret_error gets a sentence for the user, to be freed; set on error only.
 */
int launch_start(const struct launch_options *options, struct launch **ret_launch,
		 char **ret_error);

/*
 * Lets ld.so work and returns with the program stopped where its own code begins (PIE, non-PIE,
 * static, static-PIE, stripped; scripts: their interpreter's).  Signals that arrive meanwhile are
 * delivered.  -ESRCH: it ended before it got there; launch_wait() tells how.
 */
int launch_to_start(struct launch *launch);

/* Detaches ptrace: the program runs.  -ESRCH: it was killed meanwhile; launch_wait() tells how. */
int launch_detach(struct launch *launch);

/* Ends a program that was started but shall not run (an error before launch_detach()). */
void launch_kill(struct launch *launch);

pid_t launch_pid(const struct launch *launch);
int launch_pidfd(const struct launch *launch); /* readable when it has ended; owned by launch */
/* CLOCK_MONOTONIC; 0 before it happened. */
uint64_t launch_fork_time_ns(const struct launch *launch);
uint64_t launch_start_time_ns(const struct launch *launch);  /* launch_to_start() was there */
uint64_t launch_detach_time_ns(const struct launch *launch); /* let go from there */

/* Reaps the ended program.  @ret_status as of waitpid().  -EAGAIN: still running. */
int launch_wait(struct launch *launch, int *ret_status);

/* Kills a program that was not let go by launch_detach(). */
void launch_free(struct launch *launch);
DEFINE_CLEANUP(struct launch *, launch_free);

#endif
