/* SPDX-License-Identifier: MIT */
#include "loader/launch_hold.h"

#include "common/alloc.h"
#include "common/log.h"
#include "loader/quiet_thread.h"
#include "loader/thread_status.h"
#include "loader/time.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#define HOLD_POLL_NS  50000 /* a running thread stops within microseconds of its interrupt */
#define WATCH_POLL_NS 50000
#define SYSCALL_SIZE  2 /* bytes of the instruction: syscall, int 0x80 */

struct launch_hold {
	pid_t tid;
	pthread_t tracer;
	sem_t settled; /* posted once: @result is valid */
	sem_t release; /* posted once: let it go */
	int result;
};

/* Signal it was about to get when it stopped for us, or 0. */
static int pending_signal(int status)
{
	return status >> 16 ? 0 : WSTOPSIG(status);
}

/*
 * Only stops are waited for: the launched program is our own child, and its end is to be told to
 * whoever launched it.
 */
static int wait_stopped(pid_t tid, int *ret_status)
{
	const struct timespec pause = {.tv_nsec = HOLD_POLL_NS};
	uint64_t deadline = time_now_ns() + LAUNCH_HOLD_TIMEOUT_MS * UINT64_C(1000000);

	for (;;) {
		siginfo_t info = {0};

		if (waitid(P_PID, (id_t)tid, &info, WSTOPPED | WNOHANG | __WALL | __WNOTHREAD) <
			    0 &&
		    errno != EINTR)
			return -ESRCH;
		if (info.si_pid == tid) {
			/* as waitpid() has it */
			*ret_status = W_STOPCODE(info.si_status);
			return 0;
		}
		if (time_now_ns() > deadline)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
}

/* Was the signal that ends its system call one the program has a say in? */
static bool is_heeded(const struct thread_status *status, int sig)
{
	const uint64_t bit = UINT64_C(1) << (sig - 1);
	const uint64_t ignored_by_default = UINT64_C(1) << (SIGCHLD - 1) |
					    UINT64_C(1) << (SIGCONT - 1) |
					    UINT64_C(1) << (SIGURG - 1) |
					    UINT64_C(1) << (SIGWINCH - 1);

	if (status->ignored & bit)
		return false;
	return status->caught & bit || !(ignored_by_default & bit);
}

static bool has_earned_signal(pid_t tid, int about_to_get)
{
	struct thread_status status;

	/* Who cannot tell leaves it as it is. */
	if (thread_status_read(tid, &status) < 0)
		return true;
	if (about_to_get)
		return is_heeded(&status, about_to_get);
	for (int sig = 1; sig <= 64; sig++) {
		if (status.pending & ~status.blocked & UINT64_C(1) << (sig - 1) &&
		    is_heeded(&status, sig))
			return true;
	}
	return false;
}

/*
 * Between our look at it and the interrupt it may have fallen asleep.  Calls that fail with EINTR
 * then, where others are restarted by the kernel, begin anew: no time of theirs has passed.
 * close() does not: it has done its work.
 */
static void restart_call(pid_t tid, int status)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, tid, NULL, &regs) < 0)
		return;
	if ((int64_t)regs.orig_rax < 0 || (int64_t)regs.rax != -EINTR ||
	    regs.orig_rax == SYS_close || has_earned_signal(tid, pending_signal(status)))
		return;
	regs.rax = regs.orig_rax;
	regs.rip -= SYSCALL_SIZE;
	if (ptrace(PTRACE_SETREGS, tid, NULL, &regs) < 0)
		log_debug("a system call of thread %d was interrupted", tid);
}

static void settle(struct launch_hold *hold, int result)
{
	hold->result = result;
	sem_post(&hold->settled);
}

/* Pauses between two looks at the thread.  -ECANCELED: it shall be let go. */
static int pause_watching(struct launch_hold *hold)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += WATCH_POLL_NS;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	return sem_clockwait(&hold->release, CLOCK_MONOTONIC, &until) == 0 ? -ECANCELED : 0;
}

/*
 * Until the thread runs code of its own, or shall be let go: -ECANCELED.  A long write is cut short
 * where it is interrupted after it has slept, so a thread that has woken is left until it has come
 * out of its call: it ran at two looks without a sleep in between, and if it waits for a CPU, not
 * in the kernel.  Settles when it is found not to.
 */
static int watch_sleep(struct launch_hold *hold, bool *settled)
{
	struct thread_status now, before = {0};

	for (;;) {
		int ret = thread_status_read(hold->tid, &now);

		if (ret < 0)
			return ret;
		if (now.state == 't')
			return -EPERM;
		if (now.state == 'Z' || now.state == 'X')
			return -ESRCH;
		if (now.state == 'R' && before.state == 'R' && now.nr_sleeps == before.nr_sleeps &&
		    !thread_waits_in_call(hold->tid))
			return 0;
		if (!*settled && (now.state != 'R' || before.state)) {
			settle(hold, 0);
			*settled = true;
		}
		before = now;
		ret = pause_watching(hold);
		if (ret < 0)
			return ret;
	}
}

static int stop(struct launch_hold *hold, int *ret_status)
{
	int ret;

	if (ptrace(PTRACE_SEIZE, hold->tid, NULL, NULL) < 0 ||
	    ptrace(PTRACE_INTERRUPT, hold->tid, NULL, NULL) < 0)
		return -errno;
	ret = wait_stopped(hold->tid, ret_status);
	if (ret == 0)
		restart_call(hold->tid, *ret_status);
	return ret;
}

/*
 * The tracer's whole life.  Only a stopped thread can be detached, but the end of its tracer
 * detaches a thread in any state: that is how a hold that timed out is undone.
 */
static void *trace(void *arg)
{
	struct launch_hold *hold = arg;
	bool settled = false;
	int status = 0;
	int ret = watch_sleep(hold, &settled);

	if (ret == 0)
		ret = stop(hold, &status);
	if (!settled)
		settle(hold, ret);
	if (ret < 0)
		return NULL;

	while (sem_wait(&hold->release) < 0 && errno == EINTR)
		continue;
	ptrace(PTRACE_DETACH, hold->tid, NULL, (void *)(intptr_t)pending_signal(status));
	return NULL;
}

static void destroy(struct launch_hold *hold)
{
	sem_destroy(&hold->settled);
	sem_destroy(&hold->release);
	free(hold);
}

int launch_hold(pid_t tid, struct launch_hold **ret_hold)
{
	struct launch_hold *hold = xcalloc(1, sizeof(*hold));
	int ret;

	hold->tid = tid;
	sem_init(&hold->settled, 0, 0);
	sem_init(&hold->release, 0, 0);
	ret = -quiet_thread_create(&hold->tracer, trace, hold);
	if (ret < 0) {
		destroy(hold);
		return ret;
	}
	while (sem_wait(&hold->settled) < 0 && errno == EINTR)
		continue;
	if (hold->result < 0) {
		ret = hold->result;
		pthread_join(hold->tracer, NULL);
		destroy(hold);
		return ret;
	}
	*ret_hold = hold;
	return 0;
}

void launch_unhold(struct launch_hold *hold)
{
	if (!hold)
		return;
	sem_post(&hold->release);
	pthread_join(hold->tracer, NULL);
	destroy(hold);
}
