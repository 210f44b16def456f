/* SPDX-License-Identifier: MIT */
#include "loader/thread_status.h"

#include "common/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STACK_SIZE  4096
#define STATUS_SIZE 16384 /* about 1,500 bytes, and a user's groups */

static int read_text(pid_t tid, const char *name, char *text, size_t size)
{
	_cleanup_close_ int fd = -1;
	char path[64];
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%d/%s", tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	got = read(fd, text, size - 1);
	if (got < 0)
		return -errno;
	text[got] = '\0';
	return 0;
}

static bool find_number(const char *text, const char *name, int base, uint64_t *ret_number)
{
	const char *line = strstr(text, name);
	char *end;

	if (!line)
		return false;
	*ret_number = strtoull(line + strlen(name), &end, base);
	return *end == '\n';
}

int thread_status_read(pid_t tid, struct thread_status *ret_status)
{
	static const char state_name[] = "\nState:\t";
	struct thread_status status;
	uint64_t thread, process;
	char text[STATUS_SIZE];
	const char *state;
	int ret = read_text(tid, "status", text, sizeof(text));

	if (ret < 0)
		return ret;
	state = strstr(text, state_name);
	if (!state || !find_number(text, "\nSigPnd:\t", 16, &thread) ||
	    !find_number(text, "\nShdPnd:\t", 16, &process) ||
	    !find_number(text, "\nSigBlk:\t", 16, &status.blocked) ||
	    !find_number(text, "\nSigIgn:\t", 16, &status.ignored) ||
	    !find_number(text, "\nSigCgt:\t", 16, &status.caught) ||
	    !find_number(text, "\nvoluntary_ctxt_switches:\t", 10, &status.nr_sleeps))
		return -EBADMSG;
	status.state = state[strlen(state_name)];
	status.pending = thread | process;
	*ret_status = status;
	return 0;
}

bool thread_waits_in_call(pid_t tid)
{
	char text[STACK_SIZE];

	return read_text(tid, "stack", text, sizeof(text)) == 0 && strstr(text, "do_syscall_64");
}
