/* SPDX-License-Identifier: MIT */
/*
 * Inner maps of a map of maps, made ahead of need by a thread: putting one in its place makes the
 * kernel wait for an RCU grace period (6 to 24 ms measured on 6.18), which nobody who wants to
 * publish a table should have to wait for.  Knows nothing of what is written into them.
 */
#ifndef CTRACE_LOADER_MAP_POOL_H
#define CTRACE_LOADER_MAP_POOL_H

#include "common/cleanup.h"

#include <stddef.h>
#include <stdint.h>

struct map_pool;

struct map_pool_options {
	int outer_fd;	   /* map of maps, borrowed; -1: plain memory of our own (tests, oracles) */
	const char *name;  /* of the inner maps; 15 characters at most */
	size_t value_size; /* of the one value of each */
	uint32_t capacity; /* keys 0 .. capacity - 1 of the outer map are ours */
	uint32_t spares;   /* this many are kept ready */
};

int map_pool_new(const struct map_pool_options *options, struct map_pool **ret_pool);
void map_pool_free(struct map_pool *pool);
DEFINE_CLEANUP(struct map_pool *, map_pool_free);

/*
 * The next map: its key in the outer map and its value, zeroed and mapped until the pool is freed.
 * Waits only when none is ready.  -ENOSPC: capacity reached; else the error that kept the thread
 * from making more.
 */
int map_pool_take(struct map_pool *pool, uint32_t *ret_key, void **ret_value);

/* Kernel memory of all maps made, in bytes. */
uint64_t map_pool_bytes(struct map_pool *pool);

#endif
