/* SPDX-License-Identifier: MIT */
#include "loader/tracefs.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/number.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

static const char *const mount_points[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};

/* A mount that belongs to no directory: it is gone with its last descriptor. */
static int mount_detached(void)
{
	_cleanup_close_ int context = fsopen("tracefs", FSOPEN_CLOEXEC);
	int fd;

	if (context < 0 || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	fd = fsmount(context, FSMOUNT_CLOEXEC,
		     MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	return fd < 0 ? -errno : fd;
}

int tracefs_open(void)
{
	int err = -ENODEV, ret;

	for (size_t i = 0; i < sizeof(mount_points) / sizeof(mount_points[0]); i++) {
		int fd = open(mount_points[i], O_PATH | O_DIRECTORY | O_CLOEXEC);

		/* an unmounted mount point is an empty directory */
		if (fd >= 0 && faccessat(fd, "events", R_OK, AT_EACCESS) == 0)
			return fd;
		if (errno == EACCES || errno == EPERM)
			err = -errno;
		if (fd >= 0)
			close(fd);
	}
	ret = mount_detached();
	if (ret == -ENODEV || ret == -ENOSYS)
		return err;
	return ret;
}

static int read_line(int dir_fd, const char *path, char *line, size_t size)
{
	_cleanup_close_ int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return -errno;
	got = read(fd, line, size - 1);
	if (got < 0)
		return -errno;
	line[got] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return 0;
}

int tracefs_event_id(int tracefs_fd, const char *category, const char *name, uint64_t *ret_id)
{
	_cleanup_free_ char *path = xasprintf("events/%s/%s/id", category, name);
	char line[32];
	int ret;

	/* the names come from a command line: they must not walk elsewhere */
	if (strchr(category, '/') || strchr(name, '/') || *category == '.' || *name == '.')
		return -ENOENT;
	ret = read_line(tracefs_fd, path, line, sizeof(line));
	if (ret < 0)
		return ret == -ENOTDIR ? -ENOENT : ret;
	return parse_uint(line, 0, INT32_MAX, ret_id) < 0 ? -EBADMSG : 0;
}

static DIR *open_directory(int dir_fd, const char *path)
{
	int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

static bool is_event(int category_fd, const char *name)
{
	struct stat st;

	return *name != '.' && fstatat(category_fd, name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

static int match_category(int events_fd, const char *category, const char *name,
			  int (*fn)(const char *category, const char *name, void *arg), void *arg,
			  bool *ret_ended)
{
	_cleanup_closedir_ DIR *dir = open_directory(events_fd, category);
	const struct dirent *entry;
	int nr = 0;

	while (dir && (entry = readdir(dir))) {
		if (fnmatch(name, entry->d_name, 0) != 0 || !is_event(dirfd(dir), entry->d_name))
			continue;
		nr++;
		if (fn(category, entry->d_name, arg) > 0) {
			*ret_ended = true;
			break;
		}
	}
	return nr;
}

int tracefs_match_events(int tracefs_fd, const char *category, const char *name,
			 int (*fn)(const char *category, const char *name, void *arg), void *arg)
{
	_cleanup_closedir_ DIR *dir = open_directory(tracefs_fd, "events");
	const struct dirent *entry;
	bool ended = false;
	int nr = 0;

	if (!dir)
		return -errno;
	while (!ended && (entry = readdir(dir))) {
		if (*entry->d_name == '.' || fnmatch(category, entry->d_name, 0) != 0)
			continue;
		nr += match_category(dirfd(dir), entry->d_name, name, fn, arg, &ended);
	}
	return nr;
}

char *tracefs_explain(int err)
{
	if (err == -EACCES || err == -EPERM)
		return xstrdup("tracefs cannot be read without root: run ctrace as root");
	return xasprintf("tracefs cannot be opened (%s): mount -t tracefs nodev "
			 "/sys/kernel/tracing",
			 strerror(-err));
}
