/* SPDX-License-Identifier: MIT */
#include "common/safe_open.h"

#include "common/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* O_NONBLOCK does nothing to a regular file, but for leases, which a hostile owner may hold. */
#define READ_FLAGS (O_RDONLY | O_CLOEXEC | O_NOCTTY)

#define PLAUSIBLE_BYTES ((uint64_t)256 << 20) /* read in a moment, holes or not */
#define PLAUSIBLE_RATIO 64		      /* file systems that compress reach 10 */
#define BLOCK_BYTES	512		      /* of st_blocks, whatever the file system's are */

static int look_up(int dir, const char *path, unsigned int flags)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC};
	long fd;

	if (flags & SAFE_OPEN_NO_LINK)
		how.flags |= O_NOFOLLOW;
	if (!(flags & SAFE_OPEN_IN_ROOT)) {
		fd = openat(dir, path, (int)how.flags);
	} else {
		how.resolve = RESOLVE_IN_ROOT;
		fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));
	}
	return fd < 0 ? -errno : (int)fd;
}

/* Opens what @fd stands for, whatever that is. */
static int open_again(int fd, int flags)
{
	char link[32];
	int opened;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	do
		opened = open(link, flags);
	while (opened < 0 && errno == EINTR);
	return opened < 0 ? -errno : opened;
}

static int reopen(int fd, const struct stat *st)
{
	if (S_ISLNK(st->st_mode))
		return -ELOOP;
	if (!S_ISREG(st->st_mode))
		return -EINVAL;
	return open_again(fd, READ_FLAGS | O_NONBLOCK);
}

int safe_reopen(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? -errno : reopen(fd, &st);
}

int safe_open_at(int dir, const char *path, unsigned int flags)
{
	_cleanup_close_ int fd = look_up(dir, path, flags);

	return fd < 0 ? fd : safe_reopen(fd);
}

int safe_open(const char *path)
{
	return safe_open_at(AT_FDCWD, path, 0);
}

int safe_open_input(const char *path)
{
	_cleanup_close_ int fd = look_up(AT_FDCWD, path, 0);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode))
		return open_again(fd, READ_FLAGS);
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (S_ISREG(st.st_mode) && (uint64_t)st.st_size > safe_plausible_size(&st))
		return -EFBIG;
	return reopen(fd, &st);
}

FILE *safe_fopen_input(const char *path)
{
	int fd = safe_open_input(path);
	FILE *file = NULL;

	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	file = fdopen(fd, "r");
	if (!file)
		close(fd);
	return file;
}

uint64_t safe_plausible_size(const struct stat *st)
{
	uint64_t stored = (uint64_t)st->st_blocks * BLOCK_BYTES, size;

	/* Some file systems do not say how much room a file takes. */
	if (stored == 0 || __builtin_mul_overflow(stored, PLAUSIBLE_RATIO, &size))
		return UINT64_MAX;
	return size < PLAUSIBLE_BYTES ? PLAUSIBLE_BYTES : size;
}

int safe_read(int fd, uint64_t max, uint8_t **ret_bytes, size_t *ret_size)
{
	_cleanup_free_ uint8_t *bytes = NULL;
	size_t size = 0, wanted;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if ((uint64_t)st.st_size > max || (uint64_t)st.st_size > safe_plausible_size(&st))
		return -E2BIG;
	wanted = (size_t)st.st_size;
	bytes = xmalloc(wanted + 1);
	while (size < wanted) {
		ssize_t got = pread(fd, bytes + size, wanted - size, (off_t)size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		size += (size_t)got;
	}
	bytes[size] = '\0';
	*ret_bytes = TAKE_PTR(bytes);
	*ret_size = size;
	return 0;
}
