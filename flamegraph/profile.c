/* SPDX-License-Identifier: MIT */
#include "flamegraph/profile.h"

#include "common/alloc.h"
#include "common/intern.h"
#include "flamegraph/hash_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct build_node {
	uint32_t parent;
	uint32_t frame;
	uint64_t self;
};

struct profile {
	const struct capture_info *info;
	struct intern *strings;

	struct frame *frames;
	size_t nr_frames, cap_frames;
	struct hash_index frame_index;

	struct build_node *build; /* in order of appearance; gone after profile_finish() */
	size_t nr_build, cap_build;
	struct hash_index child_index;
	uint64_t *build_before; /* NULL, or as long as build's capacity */
	bool ordered;

	uint32_t *path_ids; /* the stack added last: most stacks share its first frames */
	uint32_t *path_nodes;
	size_t path_depth, cap_path;

	struct profile_node *nodes;
	struct profile_before *before;
	size_t nr_nodes;
	uint64_t total, total_before;
};

struct profile *profile_new(void)
{
	struct profile *profile = xcalloc(1, sizeof(*profile));

	profile->strings = intern_new();
	hash_index_init(&profile->frame_index);
	hash_index_init(&profile->child_index);
	GROW_ARRAY(profile->build, profile->nr_build, profile->cap_build);
	profile->build[profile->nr_build++] = (struct build_node){0};
	return profile;
}

static void drop_build_state(struct profile *profile)
{
	hash_index_release(&profile->frame_index);
	hash_index_release(&profile->child_index);
	free(profile->build);
	free(profile->build_before);
	free(profile->path_ids);
	free(profile->path_nodes);
	profile->build = NULL;
	profile->build_before = NULL;
	profile->path_ids = NULL;
	profile->path_nodes = NULL;
}

void profile_free(struct profile *profile)
{
	if (!profile)
		return;
	drop_build_state(profile);
	free(profile->nodes);
	free(profile->before);
	free(profile->frames);
	intern_free(profile->strings);
	free(profile);
}

void profile_keep_order(struct profile *profile)
{
	profile->ordered = true;
}

bool profile_keeps_order(const struct profile *profile)
{
	return profile->ordered;
}

void profile_set_info(struct profile *profile, const struct capture_info *info)
{
	profile->info = info;
}

const struct capture_info *profile_info(const struct profile *profile)
{
	return profile->info;
}

const char *profile_string(struct profile *profile, const char *text)
{
	return intern_string(profile->strings, text);
}

static int compare_text(const char *a, const char *b)
{
	if (a == b)
		return 0;
	if (!a || !b)
		return a ? 1 : -1;
	return strcmp(a, b);
}

/* Byte order of name, then kind; the rest only makes the order of equals definite. */
static int compare_frames(const struct frame *a, const struct frame *b)
{
	int order = strcmp(a->name, b->name);

	if (!order)
		order = (a->kind > b->kind) - (a->kind < b->kind);
	if (!order)
		order = compare_text(a->module, b->module);
	if (!order)
		order = compare_text(a->file, b->file);
	if (!order)
		order = (a->line > b->line) - (a->line < b->line);
	return order;
}

static uint64_t hash_frame(uint64_t seed, const struct frame *frame)
{
	uint64_t hash = hash_text(seed, frame->name);

	hash = hash_text(hash, frame->module);
	hash = hash_text(hash, frame->file);
	return hash_u64(hash, (uint64_t)frame->line << 8 | frame->kind);
}

/* What does not tell frames apart must not depend on which of them came first. */
static void merge_frame(struct profile *profile, struct frame *into, const struct frame *frame)
{
	if (frame->full_name && (!into->full_name || strcmp(frame->full_name, into->full_name) < 0))
		into->full_name = profile_string(profile, frame->full_name);
	into->guessed |= frame->guessed;
}

uint32_t profile_frame(struct profile *profile, const struct frame *frame)
{
	uint64_t hash = hash_frame(profile->frame_index.seed, frame);
	struct hash_probe probe;
	struct frame *copy;
	uint32_t id;

	for (id = hash_index_first(&profile->frame_index, hash, &probe); id != HASH_INDEX_NONE;
	     id = hash_index_next(&profile->frame_index, &probe)) {
		if (compare_frames(&profile->frames[id], frame))
			continue;
		merge_frame(profile, &profile->frames[id], frame);
		return id;
	}
	GROW_ARRAY(profile->frames, profile->nr_frames, profile->cap_frames);
	id = (uint32_t)profile->nr_frames++;
	copy = &profile->frames[id];
	*copy = *frame;
	copy->name = profile_string(profile, frame->name);
	copy->full_name = profile_string(profile, frame->full_name);
	copy->module = profile_string(profile, frame->module);
	copy->file = profile_string(profile, frame->file);
	hash_index_insert(&profile->frame_index, hash, id);
	return id;
}

static uint32_t new_node(struct profile *profile, uint32_t parent, uint32_t frame)
{
	uint32_t node = (uint32_t)profile->nr_build;
	size_t cap = profile->cap_build;

	GROW_ARRAY(profile->build, profile->nr_build, profile->cap_build);
	if (profile->build_before && cap != profile->cap_build) {
		profile->build_before = xreallocarray(profile->build_before, profile->cap_build,
						      sizeof(uint64_t));
		memset(profile->build_before + cap, 0,
		       (profile->cap_build - cap) * sizeof(uint64_t));
	}
	profile->build[profile->nr_build++] = (struct build_node){parent, frame, 0};
	return node;
}

static uint32_t child_of(struct profile *profile, uint32_t parent, uint32_t frame)
{
	uint64_t key = (uint64_t)parent << 32 | frame;
	uint64_t hash = hash_u64(profile->child_index.seed, key);
	struct hash_probe probe;
	uint32_t node;

	if (profile->ordered)
		return new_node(profile, parent, frame);
	for (node = hash_index_first(&profile->child_index, hash, &probe); node != HASH_INDEX_NONE;
	     node = hash_index_next(&profile->child_index, &probe)) {
		const struct build_node *known = &profile->build[node];

		if (known->parent == parent && known->frame == frame)
			return node;
	}
	node = new_node(profile, parent, frame);
	hash_index_insert(&profile->child_index, hash, node);
	return node;
}

static void reserve_path(struct profile *profile, size_t nr)
{
	if (nr <= profile->cap_path)
		return;
	profile->cap_path = nr * 2;
	profile->path_ids = xreallocarray(profile->path_ids, profile->cap_path, sizeof(uint32_t));
	profile->path_nodes = xreallocarray(profile->path_nodes, profile->cap_path,
					    sizeof(uint32_t));
}

static size_t shared_with_last(const struct profile *profile, const uint32_t *ids, size_t nr)
{
	size_t end = nr < profile->path_depth ? nr : profile->path_depth;
	size_t shared = 0;

	while (shared < end && profile->path_ids[shared] == ids[shared])
		shared++;
	return shared;
}

int profile_stack(struct profile *profile, const uint32_t *ids, size_t nr, uint32_t *ret_stack)
{
	size_t shared = shared_with_last(profile, ids, nr);
	uint32_t node = shared ? profile->path_nodes[shared - 1] : 0;

	if (nr >= HASH_INDEX_NONE - profile->nr_build)
		return -EOVERFLOW;
	reserve_path(profile, nr);
	for (size_t i = shared; i < nr; i++) {
		node = child_of(profile, node, ids[i]);
		profile->path_ids[i] = ids[i];
		profile->path_nodes[i] = node;
	}
	profile->path_depth = nr;
	*ret_stack = node;
	return 0;
}

int profile_count(struct profile *profile, uint32_t stack, uint64_t value)
{
	if (value > INT64_MAX || profile->total > INT64_MAX - value)
		return -EOVERFLOW;
	profile->build[stack].self += value;
	profile->total += value;
	return 0;
}

int profile_count_before(struct profile *profile, uint32_t stack, uint64_t value)
{
	if (value > INT64_MAX || profile->total_before > INT64_MAX - value)
		return -EOVERFLOW;
	if (!profile->build_before)
		profile->build_before = xcalloc(profile->cap_build, sizeof(uint64_t));
	profile->build_before[stack] += value;
	profile->total_before += value;
	return 0;
}

int profile_add_ids(struct profile *profile, const uint32_t *ids, size_t nr, uint64_t value)
{
	uint32_t stack;
	int ret;

	ret = profile_stack(profile, ids, nr, &stack);
	return ret < 0 ? ret : profile_count(profile, stack, value);
}

int profile_add(struct profile *profile, const struct frame *frames, size_t nr, uint64_t value)
{
	enum { FRAMES_ON_STACK = 256 };
	uint32_t few[FRAMES_ON_STACK];
	_cleanup_free_ uint32_t *many = NULL;
	uint32_t *ids = few;

	if (nr > FRAMES_ON_STACK)
		ids = many = xreallocarray(NULL, nr, sizeof(*ids));
	for (size_t i = 0; i < nr; i++)
		ids[i] = profile_frame(profile, &frames[i]);
	return profile_add_ids(profile, ids, nr, value);
}

static int compare_frame_pointers(const void *a, const void *b)
{
	const struct frame *const *left = a;
	const struct frame *const *right = b;

	return compare_frames(*left, *right);
}

/* Puts the frames in their order and renames them in the nodes. */
static void sort_frames(struct profile *profile)
{
	size_t nr = profile->nr_frames;
	_cleanup_free_ const struct frame **order = xcalloc(nr + 1, sizeof(*order));
	_cleanup_free_ uint32_t *rank = xcalloc(nr + 1, sizeof(*rank));
	struct frame *sorted = xcalloc(nr + 1, sizeof(*sorted));

	for (size_t i = 0; i < nr; i++)
		order[i] = &profile->frames[i];
	if (nr)
		qsort(order, nr, sizeof(struct frame *), compare_frame_pointers);
	for (size_t i = 0; i < nr; i++) {
		sorted[i] = *order[i];
		rank[order[i] - profile->frames] = (uint32_t)i;
	}
	for (size_t i = 1; i < profile->nr_build; i++)
		profile->build[i].frame = rank[profile->build[i].frame];
	free(profile->frames);
	profile->frames = sorted;
}

/* Turns counts[key + 1] into the first place of each key. */
static void counts_to_starts(uint32_t *counts, size_t nr)
{
	for (size_t i = 1; i <= nr; i++)
		counts[i] += counts[i - 1];
}

/* The nodes but the root, stably ordered by frame: a counting sort, for millions of nodes. */
static uint32_t *order_by_frame(const struct profile *profile)
{
	size_t nr = profile->nr_build;
	uint32_t *order = xreallocarray(NULL, nr, sizeof(*order));
	_cleanup_free_ uint32_t *start = NULL;

	if (profile->ordered) {
		for (size_t i = 1; i < nr; i++)
			order[i - 1] = (uint32_t)i;
		return order;
	}
	start = xcalloc(profile->nr_frames + 2, sizeof(*start));
	for (size_t i = 1; i < nr; i++)
		start[profile->build[i].frame + 1]++;
	counts_to_starts(start, profile->nr_frames);
	for (size_t i = 1; i < nr; i++)
		order[start[profile->build[i].frame]++] = (uint32_t)i;
	return order;
}

/*
 * Children of all nodes, grouped by parent: those of node i are at [ret_start[i], ret_start[i +
 * 1]).
 */
static uint32_t *group_by_parent(const struct profile *profile, uint32_t **ret_start)
{
	size_t nr = profile->nr_build;
	_cleanup_free_ uint32_t *by_frame = order_by_frame(profile);
	uint32_t *children = xreallocarray(NULL, nr, sizeof(*children));
	uint32_t *start = xcalloc(nr + 2, sizeof(*start));

	/* Two places ahead, so that filling leaves each start where it belongs. */
	for (size_t i = 1; i < nr; i++)
		start[profile->build[i].parent + 2]++;
	counts_to_starts(start, nr + 1);
	for (size_t i = 0; i + 1 < nr; i++) {
		uint32_t node = by_frame[i];

		children[start[profile->build[node].parent + 1]++] = node;
	}
	*ret_start = start;
	return children;
}

static void number_in_preorder(struct profile *profile)
{
	size_t nr = profile->nr_build;
	_cleanup_free_ uint32_t *start = NULL;
	_cleanup_free_ uint32_t *children = group_by_parent(profile, &start);
	_cleanup_free_ uint32_t *stack = xreallocarray(NULL, nr, sizeof(*stack));
	size_t depth = 0;
	uint32_t next = 0;

	stack[depth++] = 0;
	while (depth) {
		uint32_t old = stack[--depth];
		struct build_node *built = &profile->build[old];
		struct profile_node *node = &profile->nodes[next];

		node->frame = next ? &profile->frames[built->frame] : NULL;
		/* A parent is numbered before its children: they find its new place in it. */
		node->parent = next ? profile->build[built->parent].frame : 0;
		node->self = built->self;
		if (profile->before)
			profile->before[next].self = profile->build_before[old];
		built->frame = next++;
		for (uint32_t i = start[old + 1]; i > start[old]; i--)
			stack[depth++] = children[i - 1];
	}
}

static void add_up_before(struct profile *profile)
{
	for (size_t i = profile->before ? profile->nr_nodes : 0; i-- > 0;) {
		struct profile_before *before = &profile->before[i];

		before->total += before->self;
		if (i)
			profile->before[profile->nodes[i].parent].total += before->total;
	}
}

void profile_finish(struct profile *profile)
{
	size_t nr = profile->nr_build;

	if (profile->nodes)
		return;
	hash_index_release(&profile->child_index);
	sort_frames(profile);
	profile->nodes = xcalloc(nr, sizeof(*profile->nodes));
	profile->nr_nodes = nr;
	if (profile->build_before)
		profile->before = xcalloc(nr, sizeof(*profile->before));
	number_in_preorder(profile);
	drop_build_state(profile);
	add_up_before(profile);
	for (size_t i = nr; i-- > 0;) {
		struct profile_node *node = &profile->nodes[i];
		struct profile_node *parent = &profile->nodes[node->parent];

		node->total += node->self;
		if (!i)
			break;
		parent->total += node->total;
		node->next_sibling = parent->first_child;
		parent->first_child = (uint32_t)i;
	}
}

const struct profile_node *profile_nodes(const struct profile *profile, size_t *ret_nr)
{
	*ret_nr = profile->nr_nodes;
	return profile->nodes;
}

const struct frame *profile_frames(const struct profile *profile, size_t *ret_nr)
{
	*ret_nr = profile->nr_frames;
	return profile->frames;
}

uint64_t profile_total(const struct profile *profile)
{
	return profile->total;
}

const struct profile_before *profile_before(const struct profile *profile)
{
	return profile->before;
}
