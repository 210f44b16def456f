/* SPDX-License-Identifier: MIT */
#include "symbolize/root_open.h"

#include "common/safe_open.h"

#include <errno.h>
#include <fcntl.h>

int root_open(const char *root, const char *path)
{
	_cleanup_close_ int dir = -1;

	if (!root)
		return safe_open(path);
	dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -errno : safe_open_at(dir, path, SAFE_OPEN_IN_ROOT);
}
