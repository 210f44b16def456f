/* SPDX-License-Identifier: MIT */
#include "loader/inherited_fds.h"

#include "common/alloc.h"
#include "common/number.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <stdint.h>
#include <unistd.h>

struct inherited_fds {
	int *fds;
	size_t nr, cap;
};

struct inherited_fds *inherited_fds_find(void)
{
	struct inherited_fds *list = xcalloc(1, sizeof(*list));
	_cleanup_closedir_ DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		uint64_t fd;
		int flags;

		if (parse_uint(entry->d_name, STDERR_FILENO + 1, INT_MAX, &fd) < 0)
			continue;
		flags = fcntl((int)fd, F_GETFD);
		if (flags < 0 || flags & FD_CLOEXEC)
			continue;
		GROW_ARRAY(list->fds, list->nr, list->cap);
		list->fds[list->nr++] = (int)fd;
	}
	return list;
}

void inherited_fds_free(struct inherited_fds *fds)
{
	if (!fds)
		return;
	free(fds->fds);
	free(fds);
}

void inherited_fds_keep_only(const struct inherited_fds *fds)
{
	if (!fds || close_range(STDERR_FILENO + 1, UINT_MAX, CLOSE_RANGE_CLOEXEC) < 0)
		return;
	for (size_t i = 0; i < fds->nr; i++)
		fcntl(fds->fds[i], F_SETFD, 0);
}
