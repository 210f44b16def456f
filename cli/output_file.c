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
#include <sys/sendfile.h>
#include <sys/stat.h>

#define OUTPUT_MODE   0666 /* the umask takes its part */
#define NAME_ATTEMPTS 100
#define COPY_BYTES    ((size_t)1 << 30)

struct output_file {
	char *path;
	FILE *stream;
	int fd;	     /* kept beside the stream, to get its name after that is closed */
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

/* A new file under a temporary name. */
static int open_named(const char *path, char **ret_name)
{
	for (int i = 0; i < NAME_ATTEMPTS; i++) {
		_cleanup_free_ char *name = temp_name(path);
		int fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, OUTPUT_MODE);

		if (fd >= 0) {
			*ret_name = TAKE_PTR(name);
			return fd;
		}
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

/* Where O_TMPFILE is unknown: the name goes at once, so that even a killed ctrace leaves none. */
static int open_and_unlink(const char *path)
{
	_cleanup_free_ char *name = NULL;
	int fd = open_named(path, &name);

	if (fd >= 0)
		unlink(name);
	return fd;
}

static int open_unnamed(const char *path)
{
	_cleanup_free_ char *copy = xstrdup(path);
	int fd = open(dirname(copy), O_TMPFILE | O_RDWR | O_CLOEXEC, OUTPUT_MODE);

	return fd < 0 ? -errno : fd;
}

/* What open() says of O_TMPFILE where the file system or the kernel does not know it. */
static bool lacks_tmpfile(int err)
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

static int give_to_invoking_user(int fd)
{
	uid_t uid;
	gid_t gid;

	if (invoking_user(&uid, &gid) && fchown(fd, uid, gid) < 0 && errno != EPERM)
		return -errno;
	return 0;
}

static int open_new(struct output_file *file)
{
	int err;

	file->fd = open_unnamed(file->path);
	if (lacks_tmpfile(file->fd))
		file->fd = open_and_unlink(file->path);
	if (file->fd < 0)
		return file->fd;
	err = prove_writable(file->fd);
	return err < 0 ? err : give_to_invoking_user(file->fd);
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
	/* There is no name to give, and a reader waits for the end. */
	if (file->direct)
		close(TAKE_FD(file->fd));
	return err;
}

static int link_under_temp_name(const struct output_file *file, char **ret_name)
{
	_cleanup_free_ char *self = xasprintf("/proc/self/fd/%d", file->fd);

	for (int i = 0; i < NAME_ATTEMPTS; i++) {
		_cleanup_free_ char *name = temp_name(file->path);

		if (!linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW)) {
			*ret_name = TAKE_PTR(name);
			return 0;
		}
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

static int copy_content(int from, int to)
{
	off_t at = 0;
	ssize_t sent;

	do
		sent = sendfile(to, from, &at, COPY_BYTES);
	while (sent > 0);
	return sent < 0 || fsync(to) < 0 ? -errno : 0;
}

/* A file that has lost its name cannot get another one: its bytes can. */
static int copy_under_temp_name(const struct output_file *file, char **ret_name)
{
	_cleanup_free_ char *name = NULL;
	_cleanup_close_ int fd = open_named(file->path, &name);
	int err;

	if (fd < 0)
		return fd;
	err = copy_content(file->fd, fd);
	if (!err)
		err = give_to_invoking_user(fd);
	if (err < 0) {
		unlink(name);
		return err;
	}
	*ret_name = TAKE_PTR(name);
	return 0;
}

int output_file_commit(struct output_file *file)
{
	_cleanup_free_ char *name = NULL;
	int err;

	if (file->direct)
		return 0;
	err = link_under_temp_name(file, &name);
	if (err == -ENOENT || err == -EPERM)
		err = copy_under_temp_name(file, &name);
	if (err < 0)
		return err;
	if (rename(name, file->path) < 0) {
		err = -errno;
		unlink(name);
	}
	return err;
}

void output_file_discard(struct output_file *file)
{
	if (file->fd >= 0)
		close(TAKE_FD(file->fd));
}

void output_file_free(struct output_file *file)
{
	if (!file)
		return;
	if (file->stream)
		fclose(file->stream);
	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
	free(file);
}
