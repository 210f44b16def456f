/* SPDX-License-Identifier: MIT */
#include "flamegraph/profile_walk.h"

#include "common/alloc.h"
#include "flamegraph/profile.h"

#include <stdlib.h>

void profile_walk_init(struct profile_walk *walk, const struct profile *profile)
{
	size_t nr;

	*walk = (struct profile_walk){.nodes = profile_nodes(profile, &nr)};
	walk->nr = (uint32_t)nr;
	walk->next = 1;
}

bool profile_walk_next(struct profile_walk *walk)
{
	if (walk->next >= walk->nr)
		return false;
	while (walk->depth && profile_walk_node(walk) != walk->nodes[walk->next].parent)
		walk->depth--;
	GROW_ARRAY(walk->path, walk->depth, walk->cap);
	walk->path[walk->depth++] = walk->next++;
	return true;
}

void profile_walk_release(struct profile_walk *walk)
{
	free(walk->path);
	walk->path = NULL;
}
