/* SPDX-License-Identifier: MIT */
#include "cli/pager.h"

#include "cli/user_program.h"
#include "common/alloc.h"
#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

struct pager {
	pid_t pid;
	int terminal; /* standard output as it was */
};

static bool is_none(const char *command)
{
	return !*command || !strcmp(command, "cat");
}

static int start_command(int input, pid_t *ret_pid)
{
	const char *command = getenv("PAGER");
	_cleanup_free_ char *text = xstrdup(command ? command : "");
	char shell[] = "sh", option[] = "-c", less[] = "less";
	char *by_shell[] = {shell, option, text, NULL};
	char *by_name[] = {less, NULL};

	return user_program_start(command ? by_shell : by_name, input, false, ret_pid);
}

struct pager *pager_start(void)
{
	const char *command = getenv("PAGER");
	_cleanup_close_ int input = -1, output = -1, terminal = -1;
	struct pager *pager;
	int ends[2], err;
	pid_t pid;

	if (!isatty(STDOUT_FILENO) || (command && is_none(command)))
		return NULL;
	/* What fits is left on the screen (F, X), colours are passed on (R). */
	setenv("LESS", "FRX", false);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return NULL;
	input = ends[0];
	output = ends[1];
	terminal = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	err = start_command(input, &pid);
	if (err < 0) {
		log_debug("no pager: %s", strerror(-err));
		return NULL;
	}
	dup2(output, STDOUT_FILENO);
	pager = xcalloc(1, sizeof(*pager));
	pager->pid = pid;
	pager->terminal = TAKE_FD(terminal);
	return pager;
}

void pager_finish(struct pager *pager)
{
	if (!pager)
		return;
	if (pager->terminal >= 0)
		dup2(pager->terminal, STDOUT_FILENO);
	while (waitpid(pager->pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (pager->terminal >= 0)
		close(pager->terminal);
	free(pager);
}
