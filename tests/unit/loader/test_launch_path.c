/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "loader/launch_path.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "ctrace-test-program"

/* As under sudo: the parent's environment has the user's PATH. */
static int look_as_child(const char *program, mode_t mode)
{
	char self[] = "/proc/self/exe", variable[256];
	char *argv[] = {self, (char *)(uintptr_t)program, NULL};
	char *envp[] = {variable, (char[]){"SUDO_UID=1"}, (char[]){"SUDO_GID=1"}, NULL};
	char directory[] = "/tmp/ctrace-test-XXXXXX", path[128];
	int status, fd;
	pid_t pid;

	assert_non_null(mkdtemp(directory));
	assert_int_equal(chmod(directory, mode), 0);
	snprintf(path, sizeof(path), "%s/%s", directory, PROGRAM);
	snprintf(variable, sizeof(variable), "PATH=/nonexistent:%s", directory);
	fd = open(path, O_CREAT | O_WRONLY, 0755);
	assert_true(fd >= 0);
	close(fd);
	pid = fork();
	if (pid == 0) {
		execve(self, argv, envp);
		_exit(99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	unlink(path);
	rmdir(directory);
	return status;
}

static void test_program_in_the_path_of_who_called_sudo_is_found(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(look_as_child(PROGRAM, 0755), W_EXITCODE(10, 0));
	/* root's own directory, which the user may not look into */
	assert_int_equal(look_as_child(PROGRAM, 0700), W_EXITCODE(11, 0));
	assert_int_equal(look_as_child("ctrace-test-none", 0755), W_EXITCODE(11, 0));
}

static void test_nobody_behind_us_has_no_path(void **state)
{
	(void)state;
	unsetenv("SUDO_UID");
	unsetenv("DOAS_USER");
	assert_null(launch_path_of_user("sh"));
}

/* Started by look_as_child(): its own child is what sudo would have started. */
static int parent_main(const char *program)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		char *path;

		setenv("PATH", "/usr/bin", 1);
		path = launch_path_of_user(program);
		_exit(!path ? 11 : strstr(path, "/" PROGRAM) ? 10 : 12);
	}
	return waitpid(pid, &status, 0) == pid ? WEXITSTATUS(status) : 13;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program_in_the_path_of_who_called_sudo_is_found),
		cmocka_unit_test(test_nobody_behind_us_has_no_path),
	};

	if (argc > 1)
		return parent_main(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
