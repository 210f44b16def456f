/* SPDX-License-Identifier: MIT */
#include "cli/picture_show.h"

#include "cli/user_program.h"
#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/log.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

/* xdg-open hands on and ends, or fails, within this; a browser it became may run for days. */
#define WAIT_STEP_NS 20000000
#define WAIT_STEPS   50

static bool is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value && *value;
}

static void warn_of_failure(pid_t pid, const char *path, const char *command)
{
	const struct timespec step = {.tv_nsec = WAIT_STEP_NS};
	int status;

	for (int i = 0; i < WAIT_STEPS; i++) {
		pid_t ended = waitpid(pid, &status, WNOHANG);

		if (ended < 0)
			return;
		if (ended == pid) {
			if (!WIFEXITED(status) || WEXITSTATUS(status))
				log_warning("cannot show '%s': %s found no program for it", path,
					    command);
			return;
		}
		nanosleep(&step, NULL);
	}
}

void picture_show(const char *path)
{
	/* Its argument is a URL or a path; one that begins with a dash would be an option. */
	_cleanup_free_ char *argument = xasprintf("%s%s", *path == '-' ? "./" : "", path);
	char command[] = "xdg-open";
	char *argv[] = {command, argument, NULL};
	pid_t pid;
	int err;

	/* Without a display xdg-open fails silently, or starts a text browser nobody sees. */
	if (!is_set("DISPLAY") && !is_set("WAYLAND_DISPLAY") && !is_set("BROWSER")) {
		log_warning("cannot show '%s': there is no display here (neither DISPLAY nor "
			    "WAYLAND_DISPLAY is set)",
			    path);
		return;
	}
	err = user_program_start(argv, -1, true, &pid);
	if (err < 0)
		log_warning("cannot show '%s': %s: %s", path, command, strerror(-err));
	else
		warn_of_failure(pid, path, command);
}
