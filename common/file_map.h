/* SPDX-License-Identifier: MIT */
/*
 * Files mapped to be read, that may be cut off, rewritten or unreadable meanwhile: other people's
 * objects are.  Where a page is no longer there, the first touch of it is answered with zeros
 * instead of the death by SIGBUS, and the mapping counts as torn.  Readers of such files check
 * every byte anyway; zeros are one more way to be damaged.  Costs nothing while nothing happens.
 *
 * This is the one place where ctrace handles SIGBUS; the handler is installed with every
 * mapping and stays, in children that were forked too.  Its list of mappings is the one piece of
 * state the process has to have, since a signal handler is told an address and nothing else.
 */
#ifndef CTRACE_COMMON_FILE_MAP_H
#define CTRACE_COMMON_FILE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* One mapping; the address does not change. */
struct file_map;

/*
 * Maps @size bytes of the file @fd, which may be closed afterwards.  Negative errno as mmap() gave
 * it.  Thread-safe, like the others.
 */
int file_map_new(int fd, size_t size, struct file_map **ret_map);
/* Accepts NULL. */
void file_map_free(struct file_map *map);

const void *file_map_data(const struct file_map *map);
/* Whether a part of it was not there when it was read; from then on some of it may be zeros. */
bool file_map_is_torn(const struct file_map *map);

#endif
