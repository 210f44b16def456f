/* SPDX-License-Identifier: MIT */
#include "loader/launch.h"

#include "common/alloc.h"
#include "common/log.h"
#include "loader/launch_exec.h"
#include "loader/launch_image.h"
#include "loader/launch_trap.h"
#include "loader/launch_user.h"
#include "loader/time.h"

#include <errno.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum launch_state {
	LAUNCH_EXEC_STOP,
	LAUNCH_ENTRY_STOP,
	LAUNCH_RUNNING,
	LAUNCH_ENDED,
};

struct launch {
	pid_t pid;
	int pidfd;
	enum launch_state state;
	int wait_status; /* LAUNCH_ENDED */
	struct launch_entry entry;
	uint64_t fork_time_ns;
	uint64_t entry_time_ns;
	uint64_t detach_time_ns;
};

/* Status of the next ptrace stop; -ESRCH when it ended instead. */
static int wait_stop(struct launch *launch, int *ret_status)
{
	int status;
	pid_t got;

	do
		got = waitpid(launch->pid, &status, __WALL);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	if (!WIFSTOPPED(status)) {
		launch->state = LAUNCH_ENDED;
		launch->wait_status = status;
		return -ESRCH;
	}
	*ret_status = status;
	return 0;
}

static int stop_event(int status)
{
	return status >> 16;
}

static bool is_group_stop(int status)
{
	int sig = WSTOPSIG(status);

	return stop_event(status) == PTRACE_EVENT_STOP &&
	       (sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU);
}

/*
 * Lets it go on from any stop as if nobody traced it: it gets its signals, and stays stopped
 * while job control wants it so.  It may be killed at any time, the next wait tells.
 */
static void resume(const struct launch *launch, int status)
{
	int sig = stop_event(status) ? 0 : WSTOPSIG(status);

	if (is_group_stop(status))
		ptrace(PTRACE_LISTEN, launch->pid, NULL, NULL);
	else
		ptrace(PTRACE_CONT, launch->pid, NULL, (void *)(intptr_t)sig);
}

static int wait_exec(struct launch *launch)
{
	int status, ret;

	for (;;) {
		ret = wait_stop(launch, &status);
		if (ret < 0)
			return ret;
		if (stop_event(status) == PTRACE_EVENT_EXEC)
			return 0;
		resume(launch, status);
	}
}

static int seize(struct launch *launch, char **ret_error)
{
	int err;

	launch->pidfd = (int)syscall(SYS_pidfd_open, launch->pid, 0);
	if (launch->pidfd < 0) {
		err = errno;
		*ret_error = xasprintf("cannot open a pidfd: %s", strerror(err));
		return -err;
	}
	if (ptrace(PTRACE_SEIZE, launch->pid, NULL, (void *)PTRACE_O_TRACEEXEC) < 0) {
		err = errno;
		*ret_error = xasprintf("cannot trace the program to be started: %s", strerror(err));
		/* -EPERM is taken: it says that the program is a setuid one */
		return err == EPERM ? -EOPNOTSUPP : -err;
	}
	return 0;
}

static int start_child(struct launch *launch, struct launch_child *child, const char *program,
		       char **ret_error)
{
	int ret = seize(launch, ret_error);

	if (ret < 0)
		return ret;
	launch_child_go(child);
	ret = wait_exec(launch);
	if (ret == -ESRCH)
		return launch_child_failure(child, program, ret_error);
	if (ret < 0) {
		*ret_error = xasprintf("cannot wait for '%s': %s", program, strerror(-ret));
		return ret;
	}
	return launch_image_entry(launch->pid, &launch->entry, ret_error);
}

int launch_start(const struct launch_options *options, struct launch **ret_launch, char **ret_error)
{
	_cleanup_(launch_user_freep) struct launch_user *user = NULL;
	_cleanup_(launch_freep) struct launch *launch = NULL;
	const char *program = options->argv[0];
	struct launch_child child;
	sigset_t mask;
	int ret;

	ret = launch_user_find(options->user, &user, ret_error);
	if (ret < 0)
		return ret;
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	if (options->mask)
		mask = *options->mask;

	launch = xcalloc(1, sizeof(*launch));
	launch->pidfd = -1;
	launch->state = LAUNCH_ENDED;
	launch->fork_time_ns = time_now_ns();
	ret = launch_child_fork(options->argv, user, &mask, &child);
	if (ret < 0) {
		*ret_error = xasprintf("cannot fork: %s", strerror(-ret));
		return ret == -EACCES || ret == -EPERM ? -EAGAIN : ret;
	}
	launch->pid = child.pid;
	launch->state = LAUNCH_EXEC_STOP;
	ret = start_child(launch, &child, program, ret_error);
	launch_child_release(&child);
	if (ret < 0)
		return ret;
	*ret_launch = TAKE_PTR(launch);
	return 0;
}

/* A signal of the kernel, as BPF sends it; people and programs cannot forge the code. */
static bool is_trap_signal(const struct launch *launch, const struct launch_trap *trap, int status)
{
	siginfo_t info;

	if (stop_event(status) || WSTOPSIG(status) != LAUNCH_TRAP_SIGNAL)
		return false;
	if (ptrace(PTRACE_GETSIGINFO, launch->pid, NULL, &info) < 0)
		return false;
	return info.si_code == SI_KERNEL && launch_trap_hit(trap);
}

/* Runs it until the trap strikes.  -EAGAIN: it has called exec, the trap is in the old image. */
static int run_to_trap(struct launch *launch, const struct launch_trap *trap)
{
	int status, ret;

	if (ptrace(PTRACE_CONT, launch->pid, NULL, NULL) < 0 && errno != ESRCH)
		return -errno;
	for (;;) {
		ret = wait_stop(launch, &status);
		if (ret < 0)
			return ret;
		if (stop_event(status) == PTRACE_EVENT_EXEC)
			return -EAGAIN;
		if (is_trap_signal(launch, trap, status))
			return 0;
		resume(launch, status);
	}
}

/*
 * A program started with the trap's signal blocked would never report it.  Until the entry it
 * runs with that one unblocked; nobody but ctrace sees it, and no handler is there yet.
 */
static int unblock_trap_signal(pid_t pid, bool *ret_was_blocked)
{
	const uint64_t bit = UINT64_C(1) << (LAUNCH_TRAP_SIGNAL - 1);
	uint64_t mask;

	if (ptrace(PTRACE_GETSIGMASK, pid, sizeof(mask), &mask) < 0)
		return -errno;
	*ret_was_blocked = mask & bit;
	mask &= ~bit;
	return ptrace(PTRACE_SETSIGMASK, pid, sizeof(mask), &mask) < 0 ? -errno : 0;
}

static int block_trap_signal(pid_t pid)
{
	const uint64_t bit = UINT64_C(1) << (LAUNCH_TRAP_SIGNAL - 1);
	uint64_t mask;

	/* constructors may have changed the rest of the mask meanwhile */
	if (ptrace(PTRACE_GETSIGMASK, pid, sizeof(mask), &mask) < 0)
		return -errno;
	mask |= bit;
	return ptrace(PTRACE_SETSIGMASK, pid, sizeof(mask), &mask) < 0 ? -errno : 0;
}

static int run_image_to_entry(struct launch *launch)
{
	struct launch_trap trap;
	bool was_blocked = false;
	int ret;

	ret = unblock_trap_signal(launch->pid, &was_blocked);
	if (ret < 0)
		return ret;
	ret = launch_trap_set(launch->pid, &launch->entry, &trap);
	if (ret < 0)
		return ret;
	ret = run_to_trap(launch, &trap);
	launch_trap_remove(&trap);
	if ((ret == 0 || ret == -EAGAIN) && was_blocked && block_trap_signal(launch->pid) < 0)
		log_debug("cannot restore the signal mask of %d", launch->pid);
	return ret;
}

int launch_to_entry(struct launch *launch)
{
	_cleanup_free_ char *error = NULL;
	int ret;

	if (launch->state != LAUNCH_EXEC_STOP)
		return launch->state == LAUNCH_ENDED ? -ESRCH : 0;
	while ((ret = run_image_to_entry(launch)) == -EAGAIN) {
		/* a constructor or a preloaded library called exec: another image, another entry */
		ret = launch_image_entry(launch->pid, &launch->entry, &error);
		if (ret < 0) {
			log_debug("%s", error);
			return ret;
		}
	}
	if (ret < 0)
		return ret;
	launch->state = LAUNCH_ENTRY_STOP;
	launch->entry_time_ns = time_now_ns();
	return 0;
}

int launch_detach(struct launch *launch)
{
	if (launch->state != LAUNCH_EXEC_STOP && launch->state != LAUNCH_ENTRY_STOP)
		return launch->state == LAUNCH_ENDED ? -ESRCH : 0;
	launch->detach_time_ns = time_now_ns();
	launch->state = LAUNCH_RUNNING;
	/* signal 0 swallows the trap's own; everything else is pending and comes now */
	return ptrace(PTRACE_DETACH, launch->pid, NULL, NULL) < 0 ? -errno : 0;
}

void launch_kill(struct launch *launch)
{
	int status;

	if (launch->state == LAUNCH_ENDED)
		return;
	kill(launch->pid, SIGKILL);
	while (wait_stop(launch, &status) == 0)
		resume(launch, status);
}

pid_t launch_pid(const struct launch *launch)
{
	return launch->pid;
}

int launch_pidfd(const struct launch *launch)
{
	return launch->pidfd;
}

uint64_t launch_fork_time_ns(const struct launch *launch)
{
	return launch->fork_time_ns;
}

uint64_t launch_entry_time_ns(const struct launch *launch)
{
	return launch->entry_time_ns;
}

uint64_t launch_detach_time_ns(const struct launch *launch)
{
	return launch->detach_time_ns;
}

int launch_wait(struct launch *launch, int *ret_status)
{
	int status;
	pid_t got;

	if (launch->state != LAUNCH_ENDED) {
		got = waitpid(launch->pid, &status, WNOHANG | __WALL);
		if (got < 0)
			return -errno;
		if (got == 0 || WIFSTOPPED(status))
			return -EAGAIN;
		launch->wait_status = status;
		launch->state = LAUNCH_ENDED;
	}
	*ret_status = launch->wait_status;
	return 0;
}

void launch_free(struct launch *launch)
{
	if (!launch)
		return;
	if (launch->state == LAUNCH_EXEC_STOP || launch->state == LAUNCH_ENTRY_STOP)
		launch_kill(launch);
	cleanup_closep(&launch->pidfd);
	free(launch);
}
