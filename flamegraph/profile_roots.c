/* SPDX-License-Identifier: MIT */
#include "flamegraph/profile_roots.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/number.h"
#include "flamegraph/profile.h"

#include <stdlib.h>
#include <string.h>

struct root_list {
	struct profile_root *roots;
	size_t nr, cap;
};

/* "[truncated]" and the like are frames of a stack, not where it comes from. */
static bool is_origin(const struct profile_node *node)
{
	return node->frame->kind == FRAME_KIND_MARK && node->frame->name[0] != '[';
}

static bool all_children_are_origins(const struct profile_node *nodes, uint32_t parent)
{
	uint32_t child = nodes[parent].first_child;

	if (!child || nodes[parent].self)
		return false;
	for (; child; child = nodes[child].next_sibling) {
		if (!is_origin(&nodes[child]))
			return false;
	}
	return true;
}

static uint32_t end_of(const struct profile_node *nodes, uint32_t node, size_t nr)
{
	while (node && !nodes[node].next_sibling)
		node = nodes[node].parent;
	return node ? nodes[node].next_sibling : (uint32_t)nr;
}

/* "comm-12/34"; a name that only looks a little like it is a comm. */
static void split_name(struct profile_root *root)
{
	char *dash, *slash;
	uint64_t pid, tid = 0;

	root->comm = xstrdup(root->name);
	dash = strrchr(root->comm, '-');
	if (!dash || dash == root->comm)
		return;
	slash = strchr(dash, '/');
	if (slash) {
		*slash = '\0';
		if (parse_uint(slash + 1, 1, UINT32_MAX, &tid) < 0)
			tid = 0;
	}
	if (parse_uint(dash + 1, 1, UINT32_MAX, &pid) < 0) {
		if (slash)
			*slash = '/';
		return;
	}
	*dash = '\0';
	root->pid = (uint32_t)pid;
	root->tid = (uint32_t)tid;
}

static struct profile_root *add_root(struct root_list *list)
{
	GROW_ARRAY(list->roots, list->nr, list->cap);
	list->roots[list->nr] = (struct profile_root){0};
	return &list->roots[list->nr++];
}

static void add_origins(struct root_list *list, const struct profile_node *nodes, size_t nr,
			uint32_t parent, const char *probe)
{
	for (uint32_t node = nodes[parent].first_child; node; node = nodes[node].next_sibling) {
		struct profile_root *root;

		if (!probe && all_children_are_origins(nodes, node)) {
			add_origins(list, nodes, nr, node, nodes[node].frame->name);
			continue;
		}
		root = add_root(list);
		root->name = nodes[node].frame->name;
		root->probe = probe;
		root->node = node;
		root->end = end_of(nodes, node, nr);
		root->depth = probe ? 2 : 1;
		root->total = nodes[node].total;
		split_name(root);
	}
}

struct profile_root *profile_roots(const struct profile *profile, size_t *ret_nr)
{
	struct root_list list = {0};
	size_t nr;
	const struct profile_node *nodes = profile_nodes(profile, &nr);

	if (all_children_are_origins(nodes, 0)) {
		add_origins(&list, nodes, nr, 0, NULL);
	} else {
		struct profile_root *root = add_root(&list);

		root->name = "all";
		root->comm = xstrdup("all");
		root->end = (uint32_t)nr;
		root->total = nodes[0].total;
	}
	*ret_nr = list.nr;
	return list.roots;
}

void profile_roots_free(struct profile_root *roots, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		free(roots[i].comm);
	free(roots);
}
