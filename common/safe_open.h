/* SPDX-License-Identifier: MIT */
/*
 * The one way to open a file that somebody else named or placed: a target's objects, what debug
 * information asks for, perf maps, caches, and what the user names on the command line.
 *
 * A name is looked up once, without opening what it leads to (O_PATH); that is looked at, and then
 * itself is opened through /proc/self/fd.  So no FIFO hangs us, no device is opened (to open some
 * is to use them), and nobody can exchange a file between the look and the use.  Only the fixed
 * paths of /proc, /sys and /dev are opened without this; tests/lint/opens.py lists who does.
 *
 * Reading into memory of one's own (safe_read) survives whatever happens to the file meanwhile;
 * mapping it does by common/file_map.h.  Not for files that are written: cli/output_file.h.
 */
#ifndef CTRACE_COMMON_SAFE_OPEN_H
#define CTRACE_COMMON_SAFE_OPEN_H

#include "common/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

enum safe_open_flags {
	SAFE_OPEN_NO_LINK = 1, /* the last part of the name is no symbolic link: -ELOOP */
	SAFE_OPEN_IN_ROOT = 2, /* neither ".." nor a link leads out of the directory; Linux 5.6 */
};

/*
 * A read-only descriptor of the regular file @path, counted from the directory @dir (AT_FDCWD: the
 * current one).  @dir may be O_PATH.  -EINVAL: it is no regular file; else as the system gave it.
 */
int safe_open_at(int dir, const char *path, unsigned int flags);
int safe_open(const char *path);

/* The same of what an O_PATH descriptor stands for; @fd stays the caller's. */
int safe_reopen(int fd);

/*
 * What the user named as input: a pipe, a terminal or /dev/stdin is a wish too, and is waited for.
 * -EISDIR; -EINVAL: a socket or a block device; -EFBIG: nearly all holes.
 */
int safe_open_input(const char *path);
/* As a stream; NULL with errno. */
FILE *safe_fopen_input(const char *path);

/*
 * How much of a file can be more than holes: a sparse one claims terabytes for nothing. safe_open()
 * does not ask, since the length alone hurts nobody; whoever reads all of it does.
 */
uint64_t safe_plausible_size(const struct stat *st);

/*
 * All bytes of the regular file @fd, from its beginning, NUL-terminated, to be freed by the caller;
 * fewer if it shrinks meanwhile, none of what it grows by.  -E2BIG: over @max, or sparse beyond
 * belief.
 */
int safe_read(int fd, uint64_t max, uint8_t **ret_bytes, size_t *ret_size);

#endif
