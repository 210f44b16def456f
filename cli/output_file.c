/* SPDX-License-Identifier: MIT */
#include "cli/output_file.h"

#include "cli/invoking_user.h"
#include "common/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#define OUTPUT_MODE   0666 /* the umask takes its part */
#define NAME_ATTEMPTS 100

struct output_file {
	char *path;
	char *temp_path; /* NULL: the file has no name yet, or needs none */
	FILE *stream;
	int fd;	     /* kept beside the stream, to be linked after it is closed; -1: direct */
	bool direct; /* standard output, device, pipe: nothing to rename */
};

static char *temp_name(const char *path)
{
	unsigned int number = 0;

	/* A collision is found by O_EXCL and linkat(), so failure here is harmless. */
	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
		number = (unsigned int)getpid();
	return xasprintf("%s.%08x.tmp", path, number);
}

static int open_named(struct output_file *file)
{
	for (int i = 0; i < NAME_ATTEMPTS; i++) {
		_cleanup_free_ char *name = temp_name(file->path);
		int fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, OUTPUT_MODE);

		if (fd >= 0) {
			file->temp_path = TAKE_PTR(name);
			return fd;
		}
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

/* O_TMPFILE leaves nothing behind even when ctrace is killed; not every file system has it. */
static int open_unnamed(const char *path)
{
	_cleanup_free_ char *copy = xstrdup(path);
	int fd = open(dirname(copy), O_TMPFILE | O_RDWR | O_CLOEXEC, OUTPUT_MODE);

	return fd < 0 ? -errno : fd;
}

static bool needs_name(int err)
{
	return err == -EOPNOTSUPP || err == -EISDIR || err == -EINVAL || err == -ENOENT;
}

/* Full disks accept an empty file: only a byte tells. */
static int prove_writable(int fd)
{
	ssize_t written = pwrite(fd, "\n", 1, 0);

	if (written != 1)
		return written < 0 ? -errno : -ENOSPC;
	return ftruncate(fd, 0) < 0 ? -errno : 0;
}

static int open_new(struct output_file *file)
{
	uid_t uid;
	gid_t gid;
	int err;

	file->fd = open_unnamed(file->path);
	if (needs_name(file->fd))
		file->fd = open_named(file);
	if (file->fd < 0)
		return file->fd;
	err = prove_writable(file->fd);
	if (err < 0)
		return err;
	if (invoking_user(&uid, &gid) && fchown(file->fd, uid, gid) < 0 && errno != EPERM)
		return -errno;
	return 0;
}

static int open_direct(struct output_file *file)
{
	file->direct = true;
	file->fd = open(file->path, O_WRONLY | O_CLOEXEC);
	return file->fd < 0 ? -errno : 0;
}

static int open_path(struct output_file *file)
{
	struct stat st;

	if (stat(file->path, &st) < 0)
		return open_new(file);
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return S_ISREG(st.st_mode) ? open_new(file) : open_direct(file);
}

static int open_stdout(struct output_file *file)
{
	file->direct = true;
	file->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	return file->fd < 0 ? -errno : 0;
}

int output_file_open(const char *path, struct output_file **ret_file)
{
	_cleanup_(output_file_freep) struct output_file *file = xcalloc(1, sizeof(*file));
	int stream_fd, err;

	file->fd = -1;
	file->path = xstrdup(path);
	err = strcmp(path, "-") ? open_path(file) : open_stdout(file);
	if (err < 0)
		return err;
	stream_fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 3);
	if (stream_fd < 0)
		return -errno;
	file->stream = fdopen(stream_fd, "w");
	if (!file->stream) {
		err = -errno;
		close(stream_fd);
		return err;
	}
	*ret_file = TAKE_PTR(file);
	return 0;
}

FILE *output_file_stream(struct output_file *file)
{
	return file->stream;
}

const char *output_file_path(const struct output_file *file)
{
	return file->path;
}

bool output_file_is_stdout(const struct output_file *file)
{
	return !strcmp(file->path, "-");
}

int output_file_finish(struct output_file *file)
{
	FILE *stream = TAKE_PTR(file->stream);
	int err = 0;

	errno = 0;
	if (fflush(stream) || ferror(stream))
		err = errno ? -errno : -EIO;
	/* Delayed allocation tells of a full disk only here; pipes and terminals cannot sync. */
	if (!err && !file->direct && fsync(file->fd) < 0 && errno != EINVAL && errno != EROFS)
		err = -errno;
	if (fclose(stream) && !err)
		err = -errno;
	return err;
}

static int give_temp_name(struct output_file *file)
{
	_cleanup_free_ char *self = xasprintf("/proc/self/fd/%d", file->fd);

	for (int i = 0; i < NAME_ATTEMPTS; i++) {
		_cleanup_free_ char *name = temp_name(file->path);

		if (!linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW)) {
			file->temp_path = TAKE_PTR(name);
			return 0;
		}
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

int output_file_commit(struct output_file *file)
{
	if (file->direct)
		return 0;
	if (!file->temp_path) {
		int err = give_temp_name(file);

		if (err < 0)
			return err;
	}
	if (rename(file->temp_path, file->path) < 0)
		return -errno;
	free(TAKE_PTR(file->temp_path));
	return 0;
}

void output_file_free(struct output_file *file)
{
	if (!file)
		return;
	if (file->stream)
		fclose(file->stream);
	if (file->fd >= 0)
		close(file->fd);
	if (file->temp_path)
		unlink(file->temp_path);
	free(file->temp_path);
	free(file->path);
	free(file);
}
