/* SPDX-License-Identifier: MIT */
/* What the tests of the launcher share: starting a program with its stdout in a pipe. */
#ifndef CTRACE_TESTS_LAUNCH_TESTING_H
#define CTRACE_TESTS_LAUNCH_TESTING_H

#include "test.h"

#include "loader/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TARGET(name) TARGET_DIR "/" name /* a literal, to be joined with others */
#define ARGV(...)    ((char *const[]){__VA_ARGS__, NULL})

/* Text as an element of an argv. */
static inline char *arg(const char *text)
{
	union {
		const char *in;
		char *out;
	} pun = {.in = text};

	return pun.out;
}

struct output {
	int fd; /* read end of the program's stdout */
};

/* Points our stdout at a new pipe for the time of a start. */
static inline int redirect_stdout(struct output *output)
{
	int fds[2], saved;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	fflush(stdout);
	saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 100);
	assert_true(saved >= 0);
	assert_true(dup2(fds[1], STDOUT_FILENO) >= 0);
	close(fds[1]);
	output->fd = fds[0];
	return saved;
}

static inline void restore_stdout(int saved)
{
	assert_true(dup2(saved, STDOUT_FILENO) >= 0);
	close(saved);
}

static inline struct launch *start(const struct launch_options *options, struct output *output)
{
	struct launch *launch = NULL;
	char *error = NULL;
	int saved = redirect_stdout(output);
	int ret = launch_start(options, &launch, &error);

	restore_stdout(saved);
	if (ret < 0)
		print_error("launch_start: %s (%s)\n", error, strerror(-ret));
	assert_int_equal(ret, 0);
	return launch;
}

static inline char *read_all(int fd)
{
	size_t len = 0, cap = 1 << 20;
	char *text = malloc(cap);
	ssize_t got;

	assert_non_null(text);
	while (len < cap - 1 && (got = read(fd, text + len, cap - 1 - len)) > 0)
		len += (size_t)got;
	text[len] = '\0';
	close(fd);
	return text;
}

/* Status of the ended program, waited for through its pidfd. */
static inline int wait_end(struct launch *launch)
{
	struct pollfd pollfd = {.fd = launch_pidfd(launch), .events = POLLIN};
	int status = 0;

	assert_int_equal(poll(&pollfd, 1, 20000), 1);
	assert_int_equal(launch_wait(launch, &status), 0);
	return status;
}

#endif
