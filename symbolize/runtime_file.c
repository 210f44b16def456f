/* SPDX-License-Identifier: MIT */
#include "symbolize/runtime_file.h"

#include "common/safe_open.h"

#include <errno.h>

int runtime_file_read(int fd, uid_t uid, uint64_t max_bytes, uint8_t **ret_bytes, size_t *ret_size)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || (st.st_uid != uid && st.st_uid != 0))
		return -EPERM;
	return safe_read(fd, max_bytes, ret_bytes, ret_size);
}
