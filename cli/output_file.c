/* SPDX-License-Identifier: MIT */
#include "cli/output_file.h"

#include "cli/invoking_user.h"
#include "cli/output_place.h"
#include "common/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#define OUTPUT_MODE   0666 /* the umask takes its part */
#define NAME_ATTEMPTS 100
#define NAME_BYTES    32
#define COPY_BYTES    ((size_t)1 << 30)

struct output_file {
	char *path;
	struct output_place place;
	FILE *stream;
	int fd; /* kept beside the stream, to get its name after that is closed */
};

/* Standard output, device, pipe: nothing to rename. */
static bool is_direct(const struct output_file *file)
{
	return file->place.dir < 0;
}

/* Short, so that every name a file may have can be reached by it. */
static void make_temp_name(char name[NAME_BYTES])
{
	unsigned int number = 0;

	/* A collision is found by O_EXCL and linkat(), so failure here is harmless. */
	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
		number = (unsigned int)getpid();
	snprintf(name, NAME_BYTES, ".ctrace-%08x.tmp", number);
}

/* A new file under a temporary name. */
static int open_named(int dir, char name[NAME_BYTES])
{
	for (int i = 0; i < NAME_ATTEMPTS; i++) {
		int fd;

		make_temp_name(name);
		fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, OUTPUT_MODE);
		if (fd >= 0)
			return fd;
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

/* Where O_TMPFILE is unknown: the name goes at once, so that even a killed ctrace leaves none. */
static int open_and_unlink(int dir)
{
	char name[NAME_BYTES];
	int fd = open_named(dir, name);

	if (fd >= 0)
		unlinkat(dir, name, 0);
	return fd;
}

static int open_unnamed(int dir)
{
	int fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, OUTPUT_MODE);

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

/*
 * Whether the user behind sudo, as whom we act, could replace what is there; rename() has the last
 * word, but only when all is done.
 */
static int check_replaceable(const struct output_place *place)
{
	struct stat dir, st;

	if (faccessat(place->dir, ".", W_OK | X_OK, AT_EACCESS) < 0 ||
	    fstatat(place->dir, ".", &dir, 0) < 0 ||
	    fstatat(place->dir, place->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (dir.st_mode & S_ISVTX && st.st_uid != invoking_user_fsuid() &&
	    dir.st_uid != invoking_user_fsuid())
		return -EPERM;
	return 0;
}

static int open_new(struct output_file *file)
{
	const struct output_place *place = &file->place;
	struct invoking_user_act act;
	int err;

	if (place->is_there && invoking_user_act_begin(&act)) {
		err = check_replaceable(place);
		invoking_user_act_end(&act);
		if (err < 0)
			return err;
	}
	file->fd = open_unnamed(place->dir);
	if (lacks_tmpfile(file->fd))
		file->fd = open_and_unlink(place->dir);
	if (file->fd < 0)
		return file->fd;
	err = prove_writable(file->fd);
	return err < 0 ? err : give_to_invoking_user(file->fd);
}

static int open_stream(struct output_file *file)
{
	int fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 3);

	if (fd < 0)
		return -errno;
	file->stream = fdopen(fd, "w");
	if (!file->stream) {
		int err = -errno;

		close(fd);
		return err;
	}
	return 0;
}

int output_file_open(const char *path, struct output_file **ret_file)
{
	_cleanup_(output_file_freep) struct output_file *file = xcalloc(1, sizeof(*file));
	int err;

	file->fd = -1;
	file->place = (struct output_place){.fd = -1, .dir = -1};
	file->path = xstrdup(path);
	err = output_place_find(path, &file->place);
	if (err < 0)
		return err;
	if (file->place.fd < 0) {
		err = open_new(file);
	} else {
		file->fd = TAKE_FD(file->place.fd);
		cleanup_closep(&file->place.dir);
		file->place.dir = -1;
	}
	if (!err)
		err = open_stream(file);
	if (err < 0)
		return err;
	*ret_file = TAKE_PTR(file);
	return 0;
}

const char *output_file_error(int err)
{
	switch (err) {
	case -ENOTBLK:
		return "it is a block device";
	case -EPERM:
		return "it, or a link on the way to it, belongs to another user";
	case -EBADF:
		return "that descriptor is not open for writing";
	case -ENXIO:
		return "it is a socket";
	default:
		return strerror(-err);
	}
}

bool output_file_would_replace(const struct output_file *file)
{
	struct stat st;

	return !is_direct(file) &&
	       fstatat(file->place.dir, file->place.name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_size > 0;
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
	if (!err && !is_direct(file) && fsync(file->fd) < 0 && errno != EINVAL && errno != EROFS)
		err = -errno;
	if (fclose(stream) && !err)
		err = -errno;
	/* There is no name to give, and a reader waits for the end. */
	if (is_direct(file))
		close(TAKE_FD(file->fd));
	return err;
}

static int link_under_temp_name(const struct output_file *file, char name[NAME_BYTES])
{
	_cleanup_free_ char *self = xasprintf("/proc/self/fd/%d", file->fd);

	for (int i = 0; i < NAME_ATTEMPTS; i++) {
		make_temp_name(name);
		if (!linkat(AT_FDCWD, self, file->place.dir, name, AT_SYMLINK_FOLLOW))
			return 0;
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
static int copy_under_temp_name(const struct output_file *file, char name[NAME_BYTES])
{
	_cleanup_close_ int fd = open_named(file->place.dir, name);
	int err;

	if (fd < 0)
		return fd;
	err = copy_content(file->fd, fd);
	if (!err)
		err = give_to_invoking_user(fd);
	if (err < 0)
		unlinkat(file->place.dir, name, 0);
	return err;
}

static int replace(const struct output_place *place, const char *name)
{
	return renameat(place->dir, name, place->dir, place->name) < 0 ? -errno : 0;
}

static int replace_as_user(const struct output_place *place, const char *name,
			   struct invoking_user_act *act)
{
	int err = replace(place, name);

	invoking_user_act_end(act);
	return err;
}

/* Where root makes a file on behalf of a user, it replaces none that the user could not. */
static int give_name(const struct output_place *place, const char *name)
{
	struct invoking_user_act act;
	struct stat st;
	int err;

	if (!invoking_user_act_begin(&act))
		return replace(place, name);
	invoking_user_act_end(&act);
	if (!renameat2(place->dir, name, place->dir, place->name, RENAME_NOREPLACE))
		return 0;
	err = -errno;
	/* Some file systems cannot promise that. */
	if (err == -EINVAL && fstatat(place->dir, place->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return replace(place, name);
	if ((err == -EEXIST || err == -EINVAL) && invoking_user_act_begin(&act))
		return replace_as_user(place, name, &act);
	return err;
}

int output_file_commit(struct output_file *file)
{
	char name[NAME_BYTES];
	int err;

	if (is_direct(file))
		return 0;
	err = link_under_temp_name(file, name);
	if (err == -ENOENT || err == -EPERM)
		err = copy_under_temp_name(file, name);
	if (err < 0)
		return err;
	err = give_name(&file->place, name);
	if (err < 0)
		unlinkat(file->place.dir, name, 0);
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
	output_place_release(&file->place);
	free(file->path);
	free(file);
}
