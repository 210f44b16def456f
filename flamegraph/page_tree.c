/* SPDX-License-Identifier: MIT */
#include "flamegraph/page_tree.h"

#include "common/alloc.h"
#include "flamegraph/hash_index.h"
#include "flamegraph/profile.h"

#include <inttypes.h>
#include <stdlib.h>

/*
 * Where the walk over kept nodes stands.  They are walked twice: how often functions are used is
 * known before nodes are written, since frequent functions have short numbers.
 */
struct builder {
	struct page_tree *tree;
	const struct frame *frames;
	const struct profile_node *nodes;
	const struct profile_before *before; /* or NULL */
	size_t nr_frames;
	uint64_t least;
	size_t depth; /* of the node added last */
	/* Of profile nodes: in the tree, plus one, so that the root's is 0.  NULL: not wanted. */
	uint32_t *place;
	struct hash_index count_index;
	uint64_t *counts;
	size_t nr_counts, cap_counts;
	uint32_t *uses; /* of each function, in the first walk */
	size_t cap_uses;
	uint32_t *rank; /* of each function, in the second */
};

static bool is_light(const struct builder *builder, uint32_t node)
{
	return builder->nodes[node].total < builder->least &&
	       (!builder->before || builder->before[node].total < builder->least);
}

static void add_node(struct builder *builder, size_t depth, uint32_t function, uint64_t self,
		     uint64_t before)
{
	struct page_tree *tree = builder->tree;

	if (!builder->rank) {
		builder->uses[function]++;
		tree->nr_nodes++;
		return;
	}
	byte_buffer_uint(&tree->pops, builder->depth + 1 - depth);
	byte_buffer_uint(&tree->function, builder->rank[function]);
	byte_buffer_uint(&tree->self, self);
	if (builder->before)
		byte_buffer_uint(&tree->before, before);
	builder->depth = depth;
}

static void add_function(struct builder *builder, const struct frame *function)
{
	struct page_tree *tree = builder->tree;
	size_t nr_uses = tree->nr_functions;

	GROW_ARRAY(builder->uses, nr_uses, builder->cap_uses);
	builder->uses[nr_uses] = 0;
	GROW_ARRAY(tree->functions, tree->nr_functions, tree->cap_functions);
	tree->functions[tree->nr_functions++] = *function;
}

/* One function for each number of frames: few differ. */
static uint32_t pruned_function(struct builder *builder, uint64_t count)
{
	uint64_t hash = hash_u64(builder->count_index.seed, count);
	struct page_tree *tree = builder->tree;
	struct frame function = {.kind = PAGE_KIND_PRUNED};
	struct hash_probe probe;
	uint32_t row;

	for (row = hash_index_first(&builder->count_index, hash, &probe); row != HASH_INDEX_NONE;
	     row = hash_index_next(&builder->count_index, &probe)) {
		if (builder->counts[row] == count)
			return (uint32_t)(builder->nr_frames + row);
	}
	GROW_ARRAY(builder->counts, builder->nr_counts, builder->cap_counts);
	hash_index_insert(&builder->count_index, hash, (uint32_t)builder->nr_counts);
	builder->counts[builder->nr_counts++] = count;
	GROW_ARRAY(tree->names, tree->nr_names, tree->cap_names);
	tree->names[tree->nr_names] = xasprintf("(%" PRIu64 " frame%s pruned)", count,
						count == 1 ? "" : "s");
	function.name = tree->names[tree->nr_names++];
	add_function(builder, &function);
	return (uint32_t)(tree->nr_functions - 1);
}

static uint64_t subtree_size(const struct builder *builder, uint32_t node)
{
	const struct profile_node *nodes = builder->nodes;
	uint32_t end = node;

	/* Preorder: the subtree ends where the next one begins, somewhere to the right. */
	while (nodes[end].first_child) {
		uint32_t child = nodes[end].first_child;

		while (nodes[child].next_sibling)
			child = nodes[child].next_sibling;
		end = child;
	}
	return (uint64_t)(end - node) + 1;
}

/* A whole subtree goes to one node; its size. */
static uint64_t put_in_place(const struct builder *builder, uint32_t node, uint32_t place)
{
	uint64_t size = subtree_size(builder, node);

	for (uint64_t i = 0; i < size && builder->place; i++)
		builder->place[node + i] = place;
	return size;
}

/* The children of @parent that are too light, as one node after the others. */
static void add_pruned(struct builder *builder, uint32_t parent, size_t depth)
{
	const struct profile_node *nodes = builder->nodes;
	uint32_t place = (uint32_t)builder->tree->nr_nodes + 1;
	uint64_t count = 0, value = 0, before = 0;

	for (uint32_t child = nodes[parent].first_child; child; child = nodes[child].next_sibling) {
		if (!is_light(builder, child))
			continue;
		before += builder->before ? builder->before[child].total : 0;
		count += put_in_place(builder, child, place);
		value += nodes[child].total;
	}
	if (!count)
		return;
	if (builder->rank)
		builder->tree->nr_pruned += count;
	add_node(builder, depth, pruned_function(builder, count), value, before);
}

static uint32_t next_kept(const struct builder *builder, uint32_t child)
{
	while (child && is_light(builder, child))
		child = builder->nodes[child].next_sibling;
	return child;
}

static void add_nodes(struct builder *builder)
{
	const struct profile_node *nodes = builder->nodes;
	uint32_t parent = 0;
	size_t depth = 1;
	uint32_t node = next_kept(builder, nodes[0].first_child);

	for (;;) {
		while (node) {
			add_node(builder, depth++, (uint32_t)(nodes[node].frame - builder->frames),
				 nodes[node].self,
				 builder->before ? builder->before[node].self : 0);
			if (builder->place)
				builder->place[node] = (uint32_t)builder->tree->nr_nodes;
			parent = node;
			node = next_kept(builder, nodes[node].first_child);
		}
		if (builder->least)
			add_pruned(builder, parent, depth);
		if (!parent)
			break;
		node = next_kept(builder, nodes[parent].next_sibling);
		parent = nodes[parent].parent;
		depth--;
	}
}

struct frequency {
	uint32_t function;
	uint32_t nr;
};

static int compare_frequencies(const void *a, const void *b)
{
	const struct frequency *left = a;
	const struct frequency *right = b;

	if (left->nr != right->nr)
		return left->nr < right->nr ? 1 : -1;
	return (left->function > right->function) - (left->function < right->function);
}

/* Renumbers the functions; those that no node uses go. */
static void order_by_frequency(struct builder *builder)
{
	struct page_tree *tree = builder->tree;
	size_t nr = tree->nr_functions;
	struct frequency *uses = xcalloc(nr + 1, sizeof(*uses));
	struct frame *functions = xcalloc(nr + 1, sizeof(*functions));
	size_t used = 0;

	builder->rank = xcalloc(nr + 1, sizeof(*builder->rank));
	for (size_t i = 0; i < nr; i++)
		uses[i] = (struct frequency){(uint32_t)i, builder->uses[i]};
	if (nr)
		qsort(uses, nr, sizeof(*uses), compare_frequencies);
	for (; used < nr && uses[used].nr; used++) {
		functions[used] = tree->functions[uses[used].function];
		builder->rank[uses[used].function] = (uint32_t)used;
	}
	free(tree->functions);
	tree->functions = functions;
	tree->nr_functions = used;
	free(uses);
}

static void add_slices(struct page_tree *tree, const struct time_slices *slices,
		       const uint32_t *place)
{
	for (size_t i = 0; i < slices->nr; i++)
		time_slices_add(&tree->slices, slices->slices[i].row, slices->slices[i].slice,
				slices->slices[i].value);
	time_slices_sort(&tree->slices, place);
}

void page_tree_init(struct page_tree *tree, const struct profile *profile, uint64_t least)
{
	struct builder builder = {.tree = tree, .least = least};
	size_t nr_nodes;

	builder.before = profile_before(profile);
	*tree = (struct page_tree){0};
	builder.nodes = profile_nodes(profile, &nr_nodes);
	builder.frames = profile_frames(profile, &builder.nr_frames);
	for (size_t i = 0; i < builder.nr_frames; i++)
		add_function(&builder, &builder.frames[i]);
	hash_index_init(&builder.count_index);
	if (profile_slices(profile)->nr)
		builder.place = xcalloc(nr_nodes, sizeof(*builder.place));
	add_nodes(&builder);
	add_slices(tree, profile_slices(profile), builder.place);
	free(builder.place);
	builder.place = NULL;
	order_by_frequency(&builder);
	add_nodes(&builder);
	hash_index_release(&builder.count_index);
	free(builder.counts);
	free(builder.uses);
	free(builder.rank);
}

void page_tree_release(struct page_tree *tree)
{
	for (size_t i = 0; i < tree->nr_names; i++)
		free(tree->names[i]);
	free(tree->names);
	byte_buffer_release(&tree->pops);
	byte_buffer_release(&tree->function);
	byte_buffer_release(&tree->self);
	byte_buffer_release(&tree->before);
	free(tree->functions);
	time_slices_release(&tree->slices);
}

static int compare_totals_down(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a;
	uint64_t right = *(const uint64_t *)b;

	return (left < right) - (left > right);
}

uint64_t page_tree_least(const struct profile *profile, size_t max_nodes)
{
	size_t nr;
	const struct profile_node *nodes = profile_nodes(profile, &nr);
	const struct profile_before *before = profile_before(profile);
	_cleanup_free_ uint64_t *totals = NULL;

	if (nr <= max_nodes)
		return 0;
	totals = xcalloc(nr, sizeof(*totals));
	for (size_t i = 0; i < nr; i++)
		totals[i] = before && before[i].total > nodes[i].total ? before[i].total
								       : nodes[i].total;
	qsort(totals, nr, sizeof(*totals), compare_totals_down);
	return totals[max_nodes] + 1;
}
