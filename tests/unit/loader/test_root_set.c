/* SPDX-License-Identifier: MIT */
#include "loader/root_set.h"

#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char top[] = "/tmp/ctrace-root-set-XXXXXX";

static int make_top(void **state)
{
	(void)state;
	return mkdtemp(top) ? 0 : -1;
}

static int remove_top(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/inside", top);
	unlink(path);
	return rmdir(top);
}

/* A process whose root is @top; 0 where that is not allowed. */
static pid_t start_chrooted(void)
{
	char ready;
	int fds[2];
	pid_t pid;
	bool works;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		if (chroot(top) == 0)
			(void)!write(fds[1], "y", 1);
		close(fds[1]);
		pause();
		_exit(0);
	}
	close(fds[1]);
	works = read(fds[0], &ready, 1) == 1;
	close(fds[0]);
	if (works)
		return pid;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return 0;
}

static void end_process(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void our_own_root_has_no_name(void **state)
{
	_cleanup_(root_set_freep) struct root_set *set = root_set_new();
	struct process_root root = root_set_get(set, getpid());

	(void)state;
	assert_null(root.path);
	assert_int_equal(root.fd, -1);
}

static void a_process_that_is_gone_has_no_root(void **state)
{
	_cleanup_(root_set_freep) struct root_set *set = root_set_new();
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_null(root_set_get(set, pid).path);
}

static void a_foreign_root_is_kept_when_its_process_is_gone(void **state)
{
	_cleanup_(root_set_freep) struct root_set *set = root_set_new();
	struct process_root first, second;
	pid_t one = start_chrooted(), other;
	int fd;

	(void)state;
	if (!one)
		skip();
	other = start_chrooted();
	first = root_set_get(set, one);
	second = root_set_get(set, other);
	end_process(one);
	end_process(other);
	assert_non_null(first.path);
	assert_string_equal(first.path, top);
	/* Two processes, one root. */
	assert_ptr_equal(first.path, second.path);
	assert_int_equal(first.fd, second.fd);
	fd = openat(first.fd, "inside", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_own_root_has_no_name),
		cmocka_unit_test(a_process_that_is_gone_has_no_root),
		cmocka_unit_test(a_foreign_root_is_kept_when_its_process_is_gone),
	};

	return cmocka_run_group_tests(tests, make_top, remove_top);
}
