/* SPDX-License-Identifier: MIT */
/*
 * What of a profile goes into a page: one row for each function (name, kind and module), the nodes
 * in preorder, and the lightest subtrees, when there is no room for all, as one node that says how
 * many frames it stands for.
 */
#ifndef CTRACE_FLAMEGRAPH_PAGE_TREE_H
#define CTRACE_FLAMEGRAPH_PAGE_TREE_H

#include "common/frame.h"
#include "flamegraph/byte_buffer.h"
#include "flamegraph/time_slices.h"

#include <stddef.h>
#include <stdint.h>

#define PAGE_KIND_PRUNED NR_FRAME_KINDS

struct profile;

struct page_tree {
	struct frame *functions; /* the most frequent first, so that their numbers are short */
	size_t nr_functions, cap_functions;
	size_t nr_nodes; /* without the root */
	/* One number a node each, as byte_buffer_uint() spells it: there may be millions. */
	struct byte_buffer pops; /* levels to leave before the node is entered */
	struct byte_buffer function;
	struct byte_buffer self;
	struct byte_buffer before; /* self, in the recording this one is compared with */
	struct time_slices slices; /* of nodes, the first being 1; of the root 0 */
	uint64_t nr_pruned;	   /* frames that are not here */
	char **names;		   /* of pruned nodes */
	size_t nr_names, cap_names;
};

/* Nodes with less than @least in total, now and before, are pruned; frames' strings are those of
 * the profile. */
void page_tree_init(struct page_tree *tree, const struct profile *profile, uint64_t least);
void page_tree_release(struct page_tree *tree);

/* The total below which to prune so that about @max_nodes stay; 0 when all fit. */
uint64_t page_tree_least(const struct profile *profile, size_t max_nodes);

#endif
