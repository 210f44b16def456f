/* SPDX-License-Identifier: MIT */
/* A finished profile's nodes in preorder, each with the way to it from the root. */
#ifndef CTRACE_FLAMEGRAPH_PROFILE_WALK_H
#define CTRACE_FLAMEGRAPH_PROFILE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct profile;
struct profile_node;

struct profile_walk {
	const struct profile_node *nodes;
	uint32_t next, nr;
	/* Of the current node: path[depth - 1] is its index, path[0] the outermost frame's. */
	uint32_t *path;
	size_t depth, cap;
};

void profile_walk_init(struct profile_walk *walk, const struct profile *profile);
/* To the first, then the next node; the root, which has no frame, is left out. */
bool profile_walk_next(struct profile_walk *walk);
void profile_walk_release(struct profile_walk *walk);

static inline uint32_t profile_walk_node(const struct profile_walk *walk)
{
	return walk->path[walk->depth - 1];
}

#endif
