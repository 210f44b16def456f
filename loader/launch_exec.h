/* SPDX-License-Identifier: MIT */
/*
 * The child's half of a launch: forks, waits for the word, becomes the user and execs; and the
 * sentence for every way that can fail.  Knows nothing of ptrace.
 */
#ifndef CTRACE_LOADER_LAUNCH_EXEC_H
#define CTRACE_LOADER_LAUNCH_EXEC_H

#include <signal.h>
#include <sys/types.h>

struct inherited_fds;
struct launch_user;

/* A forked child that waits.  Descriptors are -1 once used. */
struct launch_child {
	pid_t pid;
	int go_fd;     /* closing it unused makes the child exit */
	int report_fd; /* why exec failed; ends without a word when it succeeded */
	char **paths;  /* files it will try, NULL-terminated */
};

/* What it becomes. */
struct launch_child_options {
	char *const *argv;
	const struct launch_user *user;
	const sigset_t *mask;		 /* of the program */
	const struct inherited_fds *fds; /* those it keeps; NULL: all without O_CLOEXEC */
};

/* Negative errno: no child is left. */
int launch_child_fork(const struct launch_child_options *options, struct launch_child *ret_child);
/* Lets it exec. */
void launch_child_go(struct launch_child *child);
/* After the child ended before its exec: the errno as launch_start() promises it. */
int launch_child_failure(struct launch_child *child, const char *program, char **ret_error);
/* Closes and frees what belongs to the waiting; does not touch the process. */
void launch_child_release(struct launch_child *child);

#endif
