/* SPDX-License-Identifier: MIT */
#include "cli/user_program.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "loader/launch_user.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void redirect(int from, int to)
{
	if (dup2(from, to) < 0)
		_exit(EXIT_FAILURE);
}

static void redirect_all(int input, bool detached)
{
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (nothing < 0)
		_exit(EXIT_FAILURE);
	redirect(input < 0 ? nothing : input, STDIN_FILENO);
	if (!detached)
		return;
	setsid();
	redirect(nothing, STDOUT_FILENO);
	redirect(nothing, STDERR_FILENO);
}

/* In the child: only a failure comes back, through @report. */
static void exec_as(const struct launch_user *user, char *const *argv, int report)
{
	int err = launch_user_become(user);
	sigset_t none;

	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (!err) {
		execvpe(argv[0], argv, launch_user_environment(user));
		err = -errno;
	}
	if (write(report, &err, sizeof(err)) < 0)
		_exit(EXIT_FAILURE);
	_exit(EXIT_FAILURE);
}

/* NULL: nobody stands behind us.  Gets a name for sockets of theirs, which sudo has taken away. */
static int find_user(struct launch_user **ret_user)
{
	_cleanup_(launch_user_freep) struct launch_user *user = NULL;
	_cleanup_free_ char *error = NULL, *again = NULL, *run_time = NULL;
	uid_t uid;
	gid_t gid;

	if (launch_user_find(NULL, &user, &error) < 0)
		return -EPERM;
	if (user) {
		launch_user_ids(user, &uid, &gid);
		run_time = xasprintf("/run/user/%u", (unsigned int)uid);
		if (!access(run_time, F_OK))
			setenv("XDG_RUNTIME_DIR", run_time, false);
	}
	return launch_user_find(NULL, ret_user, &again);
}

int user_program_start(char *const *argv, int input, bool detached, pid_t *ret_pid)
{
	_cleanup_(launch_user_freep) struct launch_user *user = NULL;
	_cleanup_close_ int said = -1, report = -1;
	int ends[2], err = find_user(&user);
	pid_t pid;

	if (err < 0)
		return err;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	said = ends[0];
	report = ends[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		redirect_all(input, detached);
		exec_as(user, argv, report);
	}
	close(TAKE_FD(report));
	if (read(said, &err, sizeof(err)) == sizeof(err))
		return err;
	*ret_pid = pid;
	return 0;
}
