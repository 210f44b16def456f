/* SPDX-License-Identifier: MIT */
#include "symbolize/runtime_file.h"

#include "common/alloc.h"
#include "common/cleanup.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static int check_file(int fd, uid_t uid, uint64_t max_bytes, size_t *ret_size)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || (st.st_uid != uid && st.st_uid != 0))
		return -EPERM;
	if ((uint64_t)st.st_size > max_bytes)
		return -E2BIG;
	*ret_size = (size_t)st.st_size;
	return 0;
}

int runtime_file_read(int fd, uid_t uid, uint64_t max_bytes, uint8_t **ret_bytes, size_t *ret_size)
{
	_cleanup_free_ uint8_t *bytes = NULL;
	size_t size = 0, len = 0;
	int err;

	err = check_file(fd, uid, max_bytes, &size);
	if (err)
		return err;
	bytes = xmalloc(size + 1);
	while (len < size) {
		ssize_t got = pread(fd, bytes + len, size - len, (off_t)len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		len += (size_t)got;
	}
	*ret_bytes = TAKE_PTR(bytes);
	*ret_size = len;
	return 0;
}
