/* SPDX-License-Identifier: MIT */
/*
 * What of a profile goes into a page: one row for each function (name, kind and module), the nodes
 * in preorder, and the lightest subtrees, when there is no room for all, as one node that says how
 * many frames it stands for.
 */
#ifndef CTRACE_FLAMEGRAPH_PAGE_TREE_H
#define CTRACE_FLAMEGRAPH_PAGE_TREE_H

#include "common/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_KIND_PRUNED NR_FRAME_KINDS

struct profile;

struct page_node {
	uint32_t pops; /* levels to leave before this node is entered */
	uint32_t function;
	uint64_t self;
	uint64_t before; /* self, in the recording this one is compared with */
};

struct page_tree {
	struct frame *functions; /* the most frequent first, so that their numbers are short */
	size_t nr_functions, cap_functions;
	struct page_node *nodes; /* without the root */
	size_t nr_nodes, cap_nodes;
	bool has_before;
	uint64_t nr_pruned; /* frames that are not here */
	char **names;	    /* of pruned nodes */
	size_t nr_names, cap_names;
};

/* Nodes with less than @least in total, now and before, are pruned; frames' strings are those of
 * the profile. */
void page_tree_init(struct page_tree *tree, const struct profile *profile, uint64_t least);
void page_tree_release(struct page_tree *tree);

/* The total below which to prune so that about @max_nodes stay; 0 when all fit. */
uint64_t page_tree_least(const struct profile *profile, size_t max_nodes);

#endif
