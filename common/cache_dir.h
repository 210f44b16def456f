/* SPDX-License-Identifier: MIT */
/*
 * Directories of ctrace's own under the user's cache, $XDG_CACHE_HOME/ctrace or ~/.cache/ctrace.
 * What lies there was written by this user alone; what is in the files is for their readers to
 * check.
 */
#ifndef CTRACE_COMMON_CACHE_DIR_H
#define CTRACE_COMMON_CACHE_DIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Opens .../ctrace/@name, and makes it first if @create.  -ENOENT: not there, or no home; -EPERM:
 * it belongs to somebody else, or others may write to it; else as open() and mkdir() gave them.
 */
int cache_dir_open(const char *name, bool create);

/*
 * All bytes of the regular file @name in @dir, NUL-terminated, to be freed by the caller.
 * -EPERM: it is not this user's; -E2BIG: over @max.
 */
int cache_dir_read(int dir, const char *name, uint64_t max, uint8_t **ret_bytes, size_t *ret_size);
/* Replaces @name by a file of these bytes; readers see the old one or the new one whole. */
int cache_dir_write(int dir, const char *name, const void *bytes, size_t size);
/*
 * Removes the least recently written files until the others take no more than @max bytes.  Leaves
 * everything but regular files alone.
 */
void cache_dir_trim(int dir, uint64_t max);

#endif
