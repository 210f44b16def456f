/* SPDX-License-Identifier: MIT */
/*
 * Names of JIT code from a perf map, "hexstart hexsize name" a line; the last entry of a range
 * wins.  Where a process's map lies is perf_map_place.h's.
 */
#ifndef CTRACE_SYMBOLIZE_PERF_MAP_H
#define CTRACE_SYMBOLIZE_PERF_MAP_H

#include "common/cleanup.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PERF_MAP_MAX_BYTES ((uint64_t)512 << 20)

struct perf_map;

/*
 * Reads the map behind @fd, which the caller keeps, from @off on; it has to belong to @uid or root.
 * -EPERM: not a regular file, or another user's; -E2BIG: over PERF_MAP_MAX_BYTES.
 */
int perf_map_load(int fd, uid_t uid, uint64_t off, struct perf_map **ret_map);
int perf_map_parse(const char *text, size_t size, struct perf_map **ret_map);
void perf_map_free(struct perf_map *map);
DEFINE_CLEANUP(struct perf_map *, perf_map_free);

/* Owned by @map; NULL if none covers @addr. */
const char *perf_map_find(const struct perf_map *map, uint64_t addr, uint64_t *ret_start);

#endif
