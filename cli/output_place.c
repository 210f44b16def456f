/* SPDX-License-Identifier: MIT */
#include "cli/output_place.h"

#include "cli/invoking_user.h"
#include "common/alloc.h"
#include "common/number.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define MAX_LINKS 40 /* as the kernel's own */

/* A look-up under way: what is left of the path, counted from @dir. */
struct walk {
	int dir;
	char *rest;
	unsigned int nr_links;
};

static void walk_release(struct walk *walk)
{
	cleanup_closep(&walk->dir);
	free(walk->rest);
}

static bool is_trusted(uid_t owner)
{
	uid_t uid;
	gid_t gid;

	return owner == 0 || owner == geteuid() || (invoking_user(&uid, &gid) && owner == uid);
}

static int open_start(const char *path)
{
	int fd = open(*path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* The links of /proc lead to what no path names, and only the kernel makes them. */
static bool is_proc(int dir)
{
	struct statfs fs;

	return fstatfs(dir, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

/* Puts what the link @fd says in front of the rest. */
static int follow_link(struct walk *walk, int fd)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(fd, "", target, sizeof(target) - 1);
	_cleanup_free_ char *rest = walk->rest;

	walk->rest = NULL;
	if (len < 0)
		return -errno;
	if (++walk->nr_links > MAX_LINKS)
		return -ELOOP;
	target[len] = '\0';
	walk->rest = xasprintf("%s/%s", target, rest);
	if (*target != '/')
		return 0;
	close(walk->dir);
	walk->dir = open_start(target);
	return walk->dir < 0 ? walk->dir : 0;
}

/* Takes the first part off the rest; "" when there is none. */
static char *take_part(struct walk *walk)
{
	char *begin = walk->rest + strspn(walk->rest, "/");
	size_t len = strcspn(begin, "/");
	char *part = xstrndup(begin, len);

	begin += len;
	memmove(walk->rest, begin, strlen(begin) + 1);
	return part;
}

static bool is_last(const struct walk *walk)
{
	return walk->rest[strspn(walk->rest, "/")] == '\0';
}

/* Goes into @part of the directory, be it through a link. */
static int enter(struct walk *walk, const char *part)
{
	int flags = O_PATH | O_CLOEXEC | (is_proc(walk->dir) ? O_DIRECTORY : O_NOFOLLOW);
	_cleanup_close_ int fd = openat(walk->dir, part, flags);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode)) {
		/* Whose directories a path leads through is no matter to those without rights. */
		if (geteuid() == 0 && !is_trusted(st.st_uid))
			return -EPERM;
		return follow_link(walk, fd);
	}
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	close(walk->dir);
	walk->dir = TAKE_FD(fd);
	return 0;
}

/* Up to the last part, which is not looked at. */
static int walk_to_directory(struct walk *walk, char **ret_name)
{
	for (;;) {
		_cleanup_free_ char *part = take_part(walk);
		int err;

		if (is_last(walk)) {
			if (!*part || *walk->rest || !strcmp(part, ".") || !strcmp(part, ".."))
				return -EISDIR;
			*ret_name = TAKE_PTR(part);
			return 0;
		}
		err = enter(walk, part);
		if (err)
			return err;
	}
}

/* Opens the very thing that was looked at. */
static int open_object(int fd)
{
	char link[32];
	int opened;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	opened = open(link, O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC);
	return opened < 0 ? -errno : opened;
}

/* What the name is: 0 for a file to be made or replaced, 1 for a link, or @ret_fd is set. */
static int judge(int fd, bool is_descriptor, int *ret_fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	switch (st.st_mode & S_IFMT) {
	case S_IFLNK:
		return is_trusted(st.st_uid) ? 1 : -EPERM;
	case S_IFDIR:
		return -EISDIR;
	case S_IFBLK:
		return -ENOTBLK;
	case S_IFSOCK:
		return -ENXIO;
	case S_IFREG:
		if (!is_descriptor)
			return 0;
		break;
	default:
		if (!is_descriptor && !is_trusted(st.st_uid))
			return -EPERM;
	}
	*ret_fd = open_object(fd);
	return *ret_fd < 0 ? *ret_fd : 0;
}

/*
 * Looks at @name in @walk's directory.  A link is followed to learn whether it leads to a device;
 * one to a file is itself replaced.
 */
static int look_at(struct walk *walk, const char *name, struct output_place *place)
{
	bool in_proc = is_proc(walk->dir);
	_cleanup_close_ int fd = openat(walk->dir, name,
					O_PATH | O_CLOEXEC | (in_proc ? 0 : O_NOFOLLOW));
	_cleanup_free_ char *last = NULL;
	int ret;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	place->is_there = true;
	ret = judge(fd, in_proc, &place->fd);
	if (ret <= 0)
		return ret;
	ret = follow_link(walk, fd);
	if (!ret) {
		/* The end of the rest is the empty part behind the link. */
		walk->rest[strlen(walk->rest) - 1] = '\0';
		ret = walk_to_directory(walk, &last);
	}
	if (ret)
		return ret == -ENOENT ? 0 : ret;
	return look_at(walk, last, place);
}

/* /dev/stdout and the like: what we were given, whatever it is and whoever owns it. */
static int find_descriptor(const char *path, int *ret_fd)
{
	static const char *const directories[] = {"/dev/fd/", "/proc/self/fd/"};
	uint64_t number = INT_MAX;
	int flags;

	if (!strcmp(path, "-") || !strcmp(path, "/dev/stdout"))
		number = STDOUT_FILENO;
	else if (!strcmp(path, "/dev/stderr"))
		number = STDERR_FILENO;
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		size_t len = strlen(directories[i]);

		if (!strncmp(path, directories[i], len) &&
		    parse_uint(path + len, 0, INT_MAX - 1, &number) < 0)
			return -ENOENT;
	}
	if (number == INT_MAX)
		return 0;
	flags = fcntl((int)number, F_GETFL);
	if (flags >= 0 && (flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	*ret_fd = fcntl((int)number, F_DUPFD_CLOEXEC, 3);
	return *ret_fd < 0 ? -errno : 1;
}

static int find_by_name(const char *path, struct output_place *place)
{
	_cleanup_(walk_release) struct walk walk = {.dir = open_start(path), .rest = xstrdup(path)};
	int err = walk.dir < 0 ? walk.dir : walk_to_directory(&walk, &place->name);

	if (err)
		return err;
	place->dir = fcntl(walk.dir, F_DUPFD_CLOEXEC, 3);
	if (place->dir < 0)
		return -errno;
	return look_at(&walk, place->name, place);
}

int output_place_find(const char *path, struct output_place *ret_place)
{
	struct output_place place = {.fd = -1, .dir = -1};
	int ret = find_descriptor(path, &place.fd);

	if (ret == 0)
		ret = find_by_name(path, &place);
	if (ret < 0) {
		output_place_release(&place);
		return ret;
	}
	*ret_place = place;
	return 0;
}

void output_place_release(struct output_place *place)
{
	cleanup_closep(&place->fd);
	cleanup_closep(&place->dir);
	free(place->name);
	*place = (struct output_place){.fd = -1, .dir = -1};
}
