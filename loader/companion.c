/* SPDX-License-Identifier: MIT */
#include "loader/companion.h"

#include "common/alloc.h"
#include "loader/thread_status.h"
#include "loader/uprobe_event.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* An event is busy until the kernel has taken the dead one's descriptors apart. */
#define CLEAR_ATTEMPTS 200
#define CLEAR_PAUSE_NS 50000000

struct companion {
	pid_t pid;
	int farewell_fd;
};

/* Holds on to nothing of ctrace's: whoever reads its output waits for the end of that. */
static void drop_descriptors(int farewell_fd)
{
	int nothing;

	if (dup2(farewell_fd, STDIN_FILENO) < 0)
		_exit(1);
	close_range(STDOUT_FILENO, UINT_MAX, 0);
	nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (nothing < 0 || dup2(nothing, STDERR_FILENO) < 0)
		_exit(1);
}

static void companion_main(pid_t ctrace, int farewell_fd)
{
	const struct timespec pause = {.tv_nsec = CLEAR_PAUSE_NS};
	char byte;
	ssize_t got;

	/* so that whoever ends processes by the name of ctrace does not end this one */
	prctl(PR_SET_NAME, "uprobe-janitor");
	drop_descriptors(farewell_fd);
	do
		got = read(STDIN_FILENO, &byte, 1);
	while (got < 0 && errno == EINTR);
	for (int i = 0; got == 0 && i < CLEAR_ATTEMPTS && uprobe_event_clear(ctrace) > 0; i++)
		nanosleep(&pause, NULL);
	_exit(0);
}

int companion_start(struct companion **ret_companion)
{
	struct companion *companion;
	pid_t ctrace = getpid(), pid;
	sigset_t all, before;
	int ends[2], err;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	/* blocked signals stay pending, where they can be seen */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = fork();
	err = errno;
	if (pid == 0)
		companion_main(ctrace, ends[0]);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	close(ends[0]);
	if (pid < 0) {
		close(ends[1]);
		return -err;
	}
	companion = xcalloc(1, sizeof(*companion));
	companion->pid = pid;
	companion->farewell_fd = ends[1];
	*ret_companion = companion;
	return 0;
}

void companion_free(struct companion *companion)
{
	if (!companion)
		return;
	if (write(companion->farewell_fd, "f", 1) != 1)
		kill(companion->pid, SIGKILL);
	close(companion->farewell_fd);
	while (waitpid(companion->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free(companion);
}

bool companion_was_sent(const struct companion *companion, int sig)
{
	struct thread_status status;

	return companion && thread_status_read(companion->pid, &status) == 0 &&
	       status.pending & UINT64_C(1) << (sig - 1);
}
