/* SPDX-License-Identifier: MIT */
#include "cli/picture_show.h"

#include "cli/user_program.h"
#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/log.h"

#include <string.h>

void picture_show(const char *path)
{
	/* Its argument is a URL or a path; one that begins with a dash would be an option. */
	_cleanup_free_ char *argument = xasprintf("%s%s", *path == '-' ? "./" : "", path);
	char command[] = "xdg-open";
	char *argv[] = {command, argument, NULL};
	pid_t pid;
	int err = user_program_start(argv, -1, true, &pid);

	if (err < 0)
		log_warning("cannot show '%s': %s: %s", path, command, strerror(-err));
}
