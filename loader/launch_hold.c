/* SPDX-License-Identifier: MIT */
#include "loader/launch_hold.h"

#include "common/alloc.h"
#include "loader/quiet_thread.h"
#include "loader/time.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#define HOLD_POLL_NS 50000 /* a running thread stops within microseconds of its interrupt */

struct launch_hold {
	pid_t tid;
	pthread_t tracer;
	sem_t settled; /* posted once: @result is valid */
	sem_t release; /* posted once: let it go */
	int result;
};

/* Signal to hand back at detaching: one it was about to get when it stopped for us, or 0. */
static int pending_signal(int status)
{
	return status >> 16 ? 0 : WSTOPSIG(status);
}

static int wait_stopped(pid_t tid, int *ret_status)
{
	const struct timespec pause = {.tv_nsec = HOLD_POLL_NS};
	uint64_t deadline = time_now_ns() + LAUNCH_HOLD_TIMEOUT_MS * UINT64_C(1000000);

	for (;;) {
		pid_t got = waitpid(tid, ret_status, __WALL | __WNOTHREAD | WNOHANG);

		if (got == tid)
			return WIFSTOPPED(*ret_status) ? 0 : -ESRCH;
		if (got < 0 && errno != EINTR)
			return -ESRCH;
		if (time_now_ns() > deadline)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
}

/*
 * The tracer's whole life.  Only a stopped thread can be detached, but the end of its tracer
 * detaches a thread in any state: that is how a hold that timed out is undone.
 */
static void *trace(void *arg)
{
	struct launch_hold *hold = arg;
	int status = 0;

	if (ptrace(PTRACE_SEIZE, hold->tid, NULL, NULL) < 0 ||
	    ptrace(PTRACE_INTERRUPT, hold->tid, NULL, NULL) < 0)
		hold->result = -errno;
	else
		hold->result = wait_stopped(hold->tid, &status);
	sem_post(&hold->settled);
	if (hold->result < 0)
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
