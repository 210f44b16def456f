/* SPDX-License-Identifier: MIT */
#include "common/path_search.h"

#include "common/alloc.h"
#include "common/cleanup.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

int path_search(const char *name, char **ret_path)
{
	const char *entry = getenv("PATH");

	if (!*name)
		return -ENOENT;
	if (strchr(name, '/')) {
		if (!is_program(name))
			return -ENOENT;
		*ret_path = xstrdup(name);
		return 0;
	}
	while (entry) {
		size_t len = strcspn(entry, ":");
		/* An empty entry is the working directory, as for execvp(). */
		_cleanup_free_ char *path = xasprintf("%.*s%s%s", (int)len, entry, len ? "/" : "./",
						      name);

		if (is_program(path)) {
			*ret_path = TAKE_PTR(path);
			return 0;
		}
		entry = entry[len] ? entry + len + 1 : NULL;
	}
	return -ENOENT;
}
