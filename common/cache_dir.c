/* SPDX-License-Identifier: MIT */
#include "common/cache_dir.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/safe_open.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

/* Directory @name in @dir, which has to be ours alone. */
static int open_own(int dir, const char *name, bool create)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (create && mkdirat(dir, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(dir, name, DIR_FLAGS | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != geteuid() || (st.st_mode & 0022))
		return -EPERM;
	return TAKE_FD(fd);
}

static int open_top(bool create)
{
	const char *xdg = secure_getenv("XDG_CACHE_HOME");
	const char *home = secure_getenv("HOME");
	_cleanup_close_ int home_fd = -1;
	int fd;

	if (xdg && xdg[0] == '/') {
		if (create && mkdir(xdg, 0700) < 0 && errno != EEXIST)
			return -errno;
		fd = open(xdg, DIR_FLAGS);
		return fd < 0 ? -errno : fd;
	}
	if (!home || home[0] != '/')
		return -ENOENT;
	home_fd = open(home, DIR_FLAGS);
	if (home_fd < 0)
		return -errno;
	return open_own(home_fd, ".cache", create);
}

int cache_dir_open(const char *name, bool create)
{
	_cleanup_close_ int top = open_top(create);
	_cleanup_close_ int own = -1;

	if (top < 0)
		return top;
	own = open_own(top, "ctrace", create);
	if (own < 0)
		return own;
	return open_own(own, name, create);
}

int cache_dir_read(int dir, const char *name, uint64_t max, uint8_t **ret_bytes, size_t *ret_size)
{
	_cleanup_close_ int fd = safe_open_at(dir, name, SAFE_OPEN_NO_LINK);
	struct stat st;

	if (fd < 0)
		return fd == -EINVAL ? -EPERM : fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != geteuid())
		return -EPERM;
	return safe_read(fd, max, ret_bytes, ret_size);
}

static int write_all(int fd, const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		ssize_t written = write(fd, bytes, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		bytes += written;
		size -= (size_t)written;
	}
	return 0;
}

int cache_dir_write(int dir, const char *name, const void *bytes, size_t size)
{
	_cleanup_free_ char *temporary = xasprintf(".%s.%d", name, (int)getpid());
	_cleanup_close_ int fd = -1;
	int err;

	/* What a run that was killed left behind under our pid is in nobody's use. */
	unlinkat(dir, temporary, 0);
	fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	err = write_all(fd, bytes, size);
	if (!err && renameat(dir, temporary, dir, name) < 0)
		err = -errno;
	if (err)
		unlinkat(dir, temporary, 0);
	return err;
}

struct cache_file {
	char *name;
	uint64_t size;
	struct timespec time;
};

static int compare_files(const void *a, const void *b)
{
	const struct cache_file *x = a;
	const struct cache_file *y = b;

	/* The newest first. */
	if (x->time.tv_sec != y->time.tv_sec)
		return x->time.tv_sec > y->time.tv_sec ? -1 : 1;
	return (x->time.tv_nsec < y->time.tv_nsec) - (x->time.tv_nsec > y->time.tv_nsec);
}

static size_t list_files(int dir, struct cache_file **ret_files)
{
	_cleanup_closedir_ DIR *stream = NULL;
	struct cache_file *files = NULL;
	size_t nr = 0, cap = 0;
	struct dirent *entry;
	int copy = openat(dir, ".", DIR_FLAGS);

	stream = copy < 0 ? NULL : fdopendir(copy);
	if (!stream && copy >= 0)
		close(copy);
	while (stream && (entry = readdir(stream))) {
		struct stat st;

		if (fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		GROW_ARRAY(files, nr, cap);
		files[nr++] = (struct cache_file){.name = xstrdup(entry->d_name),
						  .size = (uint64_t)st.st_size,
						  .time = st.st_mtim};
	}
	*ret_files = files;
	return nr;
}

void cache_dir_trim(int dir, uint64_t max)
{
	struct cache_file *files;
	size_t nr = list_files(dir, &files);
	uint64_t sum = 0;

	if (nr)
		qsort(files, nr, sizeof(*files), compare_files);
	for (size_t i = 0; i < nr; i++) {
		sum += files[i].size;
		if (sum > max)
			unlinkat(dir, files[i].name, 0);
		free(files[i].name);
	}
	free(files);
}
