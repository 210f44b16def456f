/* SPDX-License-Identifier: MIT */
/* Everything test_output_file.c asks, where openat() does not know O_TMPFILE. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>

int __real_openat(int dir, const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...);

int __wrap_openat(int dir, const char *path, int flags, ...)
{
	va_list args;
	int mode;

	va_start(args, flags);
	mode = va_arg(args, int);
	va_end(args);
	if ((flags & O_TMPFILE) == O_TMPFILE) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return __real_openat(dir, path, flags, mode);
}

#include "test_output_file.c"
