/* SPDX-License-Identifier: MIT */
#include "loader/launch.h"

#include "common/alloc.h"
#include "common/log.h"
#include "loader/launch_exec.h"
#include "loader/launch_image.h"
#include "loader/launch_linker.h"
#include "loader/launch_trap.h"
#include "loader/launch_user.h"
#include "loader/quiet_thread.h"
#include "loader/time.h"

#include <errno.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum launch_state {
	LAUNCH_EXEC_STOP,
	LAUNCH_START_STOP,
	LAUNCH_RUNNING,
	LAUNCH_ENDED,
};

/* Where the image of a process may be stopped.  A trap that is not set has no descriptors. */
struct start_traps {
	struct launch_trap entry;
	struct launch_trap hook; /* of the linker */
	struct launch_linker linker;
};

struct launch {
	pid_t pid;
	int pidfd;
	enum launch_state state;
	int wait_status; /* LAUNCH_ENDED */
	struct launch_image image;
	struct start_traps traps;
	pthread_t remover; /* of the traps */
	bool is_removing;
	uint64_t fork_time_ns;
	uint64_t start_time_ns;
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
	return launch_image_read(launch->pid, &launch->image, ret_error);
}

int launch_start(const struct launch_options *options, struct launch **ret_launch, char **ret_error)
{
	_cleanup_(launch_user_freep) struct launch_user *user = NULL;
	_cleanup_(launch_freep) struct launch *launch = NULL;
	struct launch_child_options child_options = {.argv = options->argv, .fds = options->fds};
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
	child_options.user = user;
	child_options.mask = &mask;
	ret = launch_child_fork(&child_options, &child);
	if (ret < 0) {
		*ret_error = xasprintf("cannot fork: %s", strerror(-ret));
		return ret == -EACCES || ret == -EPERM ? -EAGAIN : ret;
	}
	launch->pid = child.pid;
	launch->state = LAUNCH_EXEC_STOP;
	if (options->files && prlimit(child.pid, RLIMIT_NOFILE, options->files, NULL) < 0)
		log_debug("cannot restore the program's limit of open files: %s", strerror(errno));
	ret = start_child(launch, &child, options->argv[0], ret_error);
	launch_child_release(&child);
	if (ret < 0)
		return ret;
	*ret_launch = TAKE_PTR(launch);
	return 0;
}

/* Without the hook the entry does: constructors of libraries have run by then. */
static void set_hook(const struct launch *launch, struct start_traps *traps)
{
	struct launch_place place;
	int ret = launch_linker_find(launch->pid, launch->image.linker_base, &traps->linker);

	if (ret == 0)
		ret = launch_image_place(launch->pid, traps->linker.hook, &place);
	if (ret == 0)
		ret = launch_trap_set(launch->pid, &place, &traps->hook);
	if (ret < 0 && launch->image.linker_base)
		log_debug("no stop in the dynamic linker: %s", strerror(-ret));
}

static int set_traps(struct launch *launch)
{
	struct start_traps *traps = &launch->traps;
	int ret;

	*traps = (struct start_traps){.entry = {-1, -1, 0}, .hook = {-1, -1, 0}};
	ret = launch_trap_set(launch->pid, &launch->image.entry, &traps->entry);
	if (ret < 0)
		return ret;
	set_hook(launch, traps);
	return 0;
}

static void *remove_traps(void *arg)
{
	struct launch *launch = arg;

	launch_trap_remove(&launch->traps.hook);
	launch_trap_remove(&launch->traps.entry);
	return NULL;
}

/* The kernel takes 0.1 s to give up a uprobe: beside what else is to be done before it runs on. */
static void begin_removing(struct launch *launch)
{
	launch->is_removing = quiet_thread_create(&launch->remover, remove_traps, launch) == 0;
	if (!launch->is_removing)
		remove_traps(launch);
}

static void end_removing(struct launch *launch)
{
	if (launch->is_removing)
		pthread_join(launch->remover, NULL);
	launch->is_removing = false;
}

/* A signal of the kernel, as BPF sends it; people and programs cannot forge the code. */
static bool is_trap_signal(const struct launch *launch, int status)
{
	siginfo_t info;

	if (stop_event(status) || WSTOPSIG(status) != LAUNCH_TRAP_SIGNAL)
		return false;
	if (ptrace(PTRACE_GETSIGINFO, launch->pid, NULL, &info) < 0)
		return false;
	return info.si_code == SI_KERNEL;
}

enum trap_stop {
	TRAP_STOP_NONE,	 /* something else stopped it */
	TRAP_STOP_EARLY, /* the linker has more to map */
	TRAP_STOP_START,
};

static enum trap_stop find_trap(struct launch *launch, int status)
{
	struct start_traps *traps = &launch->traps;

	if (!is_trap_signal(launch, status))
		return TRAP_STOP_NONE;
	if (launch_trap_hit(&traps->entry))
		return TRAP_STOP_START;
	if (!launch_trap_hit(&traps->hook))
		return TRAP_STOP_NONE;
	return launch_linker_has_mapped(launch->pid, &traps->linker) ? TRAP_STOP_START
								     : TRAP_STOP_EARLY;
}

/* Runs it until a trap strikes.  -EAGAIN: it has called exec, the traps are in the old image. */
static int run_to_trap(struct launch *launch)
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
		switch (find_trap(launch, status)) {
		case TRAP_STOP_START:
			return 0;
		case TRAP_STOP_EARLY:
			ptrace(PTRACE_CONT, launch->pid, NULL, NULL);
			break;
		case TRAP_STOP_NONE:
			resume(launch, status);
			break;
		}
	}
}

/*
 * A program started with the trap's signal blocked would never report it.  Until the stop it
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

	/* code before the stop may have changed the rest of the mask */
	if (ptrace(PTRACE_GETSIGMASK, pid, sizeof(mask), &mask) < 0)
		return -errno;
	mask |= bit;
	return ptrace(PTRACE_SETSIGMASK, pid, sizeof(mask), &mask) < 0 ? -errno : 0;
}

static int run_image_to_start(struct launch *launch)
{
	bool was_blocked = false;
	int ret;

	ret = unblock_trap_signal(launch->pid, &was_blocked);
	if (ret < 0)
		return ret;
	ret = set_traps(launch);
	if (ret < 0)
		return ret;
	ret = run_to_trap(launch);
	begin_removing(launch);
	if ((ret == 0 || ret == -EAGAIN) && was_blocked && block_trap_signal(launch->pid) < 0)
		log_debug("cannot restore the signal mask of %d", launch->pid);
	return ret;
}

int launch_to_start(struct launch *launch)
{
	_cleanup_free_ char *error = NULL;
	int ret;

	if (launch->state != LAUNCH_EXEC_STOP)
		return launch->state == LAUNCH_ENDED ? -ESRCH : 0;
	while ((ret = run_image_to_start(launch)) == -EAGAIN) {
		end_removing(launch);
		/* an auditing library called exec: another image, another start */
		ret = launch_image_read(launch->pid, &launch->image, &error);
		if (ret < 0) {
			log_debug("%s", error);
			return ret;
		}
	}
	if (ret < 0)
		return ret;
	launch->state = LAUNCH_START_STOP;
	launch->start_time_ns = time_now_ns();
	return 0;
}

int launch_detach(struct launch *launch)
{
	if (launch->state != LAUNCH_EXEC_STOP && launch->state != LAUNCH_START_STOP)
		return launch->state == LAUNCH_ENDED ? -ESRCH : 0;
	end_removing(launch);
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

uint64_t launch_start_time_ns(const struct launch *launch)
{
	return launch->start_time_ns;
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
	end_removing(launch);
	if (launch->state == LAUNCH_EXEC_STOP || launch->state == LAUNCH_START_STOP)
		launch_kill(launch);
	cleanup_closep(&launch->pidfd);
	free(launch);
}
