/* SPDX-License-Identifier: MIT */
#include "loader/launch_exec.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "loader/inherited_fds.h"
#include "loader/launch_image.h"
#include "loader/launch_user.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_PATH_ENTRIES 4096
#define DEFAULT_PATH	 "/bin:/usr/bin" /* what execvp searches without a PATH */

enum exec_step {
	EXEC_STEP_USER = 1,
	EXEC_STEP_EXEC,
};

/* What a child that could not exec writes; smaller than PIPE_BUF, so it arrives whole. */
struct exec_report {
	int32_t err;
	uint32_t step;
	uint32_t path; /* index of the file the error belongs to */
	uint32_t exists;
};

/* The files execvp would try for @name, in order. */
static char **candidates(const char *name)
{
	const char *path = getenv("PATH");
	size_t nr = 0, cap = 0;
	char **list = NULL;

	if (strchr(name, '/') || !*name) {
		list = xcalloc(2, sizeof(*list));
		list[0] = xstrdup(name);
		return list;
	}
	for (const char *entry = path ? path : DEFAULT_PATH; nr < MAX_PATH_ENTRIES;) {
		size_t len = strcspn(entry, ":");

		GROW_ARRAY(list, nr, cap);
		list[nr++] = xasprintf("%.*s%s%s", (int)len, entry, len ? "/" : "", name);
		if (!entry[len])
			break;
		entry += len + 1;
	}
	GROW_ARRAY(list, nr, cap);
	list[nr] = NULL;
	return list;
}

/* Errors after which execvp goes on with the next directory of PATH. */
static bool is_elsewhere(int err)
{
	return err == ENOENT || err == ENOTDIR || err == ESTALE || err == ENODEV ||
	       err == ETIMEDOUT || err == ENAMETOOLONG;
}

/* Tries every file; returns the report of the most telling failure.  Async-signal-safe. */
static struct exec_report try_exec(char *const *paths, char *const *argv, char *const *envp)
{
	struct exec_report report = {.err = ENOENT, .step = EXEC_STEP_EXEC};

	for (uint32_t i = 0; paths[i]; i++) {
		int err;

		execve(paths[i], argv, envp);
		err = errno;
		if (err == EACCES && !report.exists) {
			report.err = err;
			report.path = i;
		} else if (err == ENOENT && !report.exists && access(paths[i], F_OK) == 0) {
			report = (struct exec_report){err, EXEC_STEP_EXEC, i, true};
		} else if (!is_elsewhere(err) && err != EACCES) {
			return (struct exec_report){err, EXEC_STEP_EXEC, i, true};
		}
	}
	return report;
}

static void child_main(int go_fd, int report_fd, char *const *paths,
		       const struct launch_child_options *options, char *const *envp)
{
	struct exec_report report = {.step = EXEC_STEP_USER};
	char word;
	int ret;

	if (read(go_fd, &word, 1) != 1)
		_exit(127); /* ctrace died before anything began */
	ret = launch_user_become(options->user);
	if (ret == 0) {
		inherited_fds_keep_only(options->fds);
		sigprocmask(SIG_SETMASK, options->mask, NULL);
		report = try_exec(paths, options->argv, envp);
	} else {
		report.err = -ret;
	}
	if (write(report_fd, &report, sizeof(report)) < 0)
		_exit(126);
	_exit(127);
}

int launch_child_fork(const struct launch_child_options *options, struct launch_child *ret_child)
{
	char *const *envp = launch_user_environment(options->user);
	int go[2], report[2];
	sigset_t all, before;
	char **paths;
	pid_t pid;
	int err;

	if (pipe2(go, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(report, O_CLOEXEC) < 0) {
		err = errno;
		close(go[0]);
		close(go[1]);
		return -err;
	}
	paths = candidates(options->argv[0]);
	/* the child shares our handlers until it execs: none may run there */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = fork();
	err = errno;
	if (pid == 0) {
		close(go[1]);
		close(report[0]);
		child_main(go[0], report[1], paths, options, envp);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	close(go[0]);
	close(report[1]);
	*ret_child = (struct launch_child){pid, go[1], report[0], paths};
	if (pid > 0)
		return 0;
	launch_child_release(ret_child);
	return -err;
}

void launch_child_go(struct launch_child *child)
{
	/* a child that died meanwhile is noticed by its exit, not by this write */
	if (write(child->go_fd, "g", 1) != 1)
		(void)0;
	cleanup_closep(&child->go_fd);
	child->go_fd = -1;
}

static int explain_exec(const struct exec_report *report, const char *path, const char *program,
			char **ret_error)
{
	struct stat st;
	/* a directory of root's PATH that the user may not look into is no find */
	bool found = report->exists ||
		     (report->err != ENOENT && (report->err != EACCES || stat(path, &st) == 0));

	if (launch_image_check_file(path, ret_error) == -EAFNOSUPPORT)
		return -EAFNOSUPPORT;
	free(*ret_error);
	*ret_error = NULL;
	if (!found) {
		*ret_error = xasprintf("cannot find '%s'%s%s", program,
				       strchr(program, '/') ? "" : " in PATH",
				       strchr(program, ' ') ? "; a program and its arguments are "
							      "separate words, not quoted together"
							    : "");
		return -ENOENT;
	}
	if (report->err == EACCES && stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		*ret_error = xasprintf("cannot run '%s': it is a directory", path);
		return -EACCES;
	}
	if (report->err == ENOENT) {
		char *interpreter = launch_image_interpreter(path);

		*ret_error = xasprintf("cannot run '%s': its interpreter '%s' does not exist", path,
				       interpreter ? interpreter : "?");
		free(interpreter);
		return -ENOEXEC;
	}
	if (report->err == ENOEXEC) {
		*ret_error = xasprintf("cannot run '%s': neither a program of this machine nor a "
				       "script with a '#!' line",
				       path);
		return -ENOEXEC;
	}
	*ret_error = xasprintf("cannot run '%s': %s", path, strerror(report->err));
	return -report->err;
}

int launch_child_failure(struct launch_child *child, const char *program, char **ret_error)
{
	struct exec_report report = {0};
	size_t nr_paths = 0;
	ssize_t got;

	do
		got = read(child->report_fd, &report, sizeof(report));
	while (got < 0 && errno == EINTR);
	while (child->paths[nr_paths])
		nr_paths++;
	if (got != (ssize_t)sizeof(report) || report.err <= 0 || report.path >= nr_paths) {
		*ret_error = xasprintf("'%s' was killed before it started", program);
		return -ESRCH;
	}
	if (report.step == EXEC_STEP_USER) {
		*ret_error = xasprintf("cannot run '%s' as the user asked for: %s", program,
				       strerror(report.err));
		return -EINVAL;
	}
	return explain_exec(&report, child->paths[report.path], program, ret_error);
}

void launch_child_release(struct launch_child *child)
{
	cleanup_closep(&child->go_fd);
	cleanup_closep(&child->report_fd);
	for (size_t i = 0; child->paths && child->paths[i]; i++)
		free(child->paths[i]);
	free(child->paths);
	*child = (struct launch_child){.pid = child->pid, .go_fd = -1, .report_fd = -1};
}
