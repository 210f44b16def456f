/* SPDX-License-Identifier: MIT */
#include "flamegraph/profile.h"

#include "common/alloc.h"
#include "common/intern.h"
#include "flamegraph/hash_index.h"
#include "flamegraph/stack_sort.h"
#include "flamegraph/time_slices.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_IDS ((size_t)UINT32_MAX - 1)

struct module {
	const char *name;
	struct build_id build_id;
};

struct stack_count {
	uint64_t value;
	uint64_t before;
};

struct profile {
	const struct capture_info *info;
	struct intern *strings;
	bool ordered;
	struct module *modules;
	size_t nr_modules, cap_modules;

	struct frame *frames;
	size_t nr_frames, cap_frames;
	struct hash_index frame_index;

	/* Distinct stacks, until profile_finish(); that of row i is ids[starts[i]] to starts[i +
	 * 1]. */
	uint32_t *ids;
	size_t nr_ids, cap_ids;
	size_t *starts;
	size_t nr_starts, cap_starts;
	struct stack_count *counts;
	size_t nr_counts, cap_counts;
	struct hash_index stack_index;
	bool has_before;
	struct time_slices slices; /* of stacks, then of nodes */

	struct profile_node *nodes;
	struct profile_before *before;
	size_t nr_nodes, cap_nodes;
	uint64_t total, total_before;
};

struct profile *profile_new(void)
{
	struct profile *profile = xcalloc(1, sizeof(*profile));

	profile->strings = intern_new();
	hash_index_init(&profile->frame_index);
	hash_index_init(&profile->stack_index);
	GROW_ARRAY(profile->starts, profile->nr_starts, profile->cap_starts);
	profile->starts[profile->nr_starts++] = 0;
	return profile;
}

static void drop_stacks(struct profile *profile)
{
	hash_index_release(&profile->frame_index);
	hash_index_release(&profile->stack_index);
	free(profile->ids);
	free(profile->starts);
	free(profile->counts);
	profile->ids = NULL;
	profile->starts = NULL;
	profile->counts = NULL;
}

void profile_free(struct profile *profile)
{
	if (!profile)
		return;
	drop_stacks(profile);
	free(profile->modules);
	free(profile->nodes);
	free(profile->before);
	free(profile->frames);
	time_slices_release(&profile->slices);
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

static struct module *find_module(const struct profile *profile, const char *name)
{
	for (size_t i = 0; i < profile->nr_modules; i++) {
		if (!strcmp(profile->modules[i].name, name))
			return &profile->modules[i];
	}
	return NULL;
}

void profile_set_build_id(struct profile *profile, const char *module, const struct build_id *id)
{
	struct module *known = find_module(profile, module);

	if (!known) {
		GROW_ARRAY(profile->modules, profile->nr_modules, profile->cap_modules);
		known = &profile->modules[profile->nr_modules++];
		known->name = profile_string(profile, module);
	}
	known->build_id = *id;
}

const struct build_id *profile_build_id(const struct profile *profile, const char *module)
{
	const struct module *known = find_module(profile, module);

	return known && known->build_id.size ? &known->build_id : NULL;
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

static uint32_t find_stack(const struct profile *profile, uint64_t hash, const uint32_t *ids,
			   size_t nr)
{
	struct hash_probe probe;
	uint32_t row;

	for (row = hash_index_first(&profile->stack_index, hash, &probe); row != HASH_INDEX_NONE;
	     row = hash_index_next(&profile->stack_index, &probe)) {
		size_t start = profile->starts[row];

		if (profile->starts[row + 1] - start == nr &&
		    (!nr || !memcmp(profile->ids + start, ids, nr * sizeof(*ids))))
			break;
	}
	return row;
}

int profile_stack(struct profile *profile, const uint32_t *ids, size_t nr, uint32_t *ret_stack)
{
	uint64_t hash = hash_bytes(profile->stack_index.seed, ids, nr * sizeof(*ids));
	uint32_t row = HASH_INDEX_NONE;

	if (!profile->ordered)
		row = find_stack(profile, hash, ids, nr);
	if (row != HASH_INDEX_NONE) {
		*ret_stack = row;
		return 0;
	}
	/* There are no more nodes than frames in all stacks, and the root. */
	if (nr >= MAX_IDS - profile->nr_ids || profile->nr_counts >= MAX_IDS)
		return -EOVERFLOW;
	while (profile->cap_ids - profile->nr_ids < nr) {
		profile->cap_ids = (profile->cap_ids + nr) * 2;
		profile->ids = xreallocarray(profile->ids, profile->cap_ids, sizeof(*ids));
	}
	if (nr)
		memcpy(profile->ids + profile->nr_ids, ids, nr * sizeof(*ids));
	profile->nr_ids += nr;
	row = (uint32_t)profile->nr_counts;
	GROW_ARRAY(profile->counts, profile->nr_counts, profile->cap_counts);
	profile->counts[profile->nr_counts++] = (struct stack_count){0};
	GROW_ARRAY(profile->starts, profile->nr_starts, profile->cap_starts);
	profile->starts[profile->nr_starts++] = profile->nr_ids;
	if (!profile->ordered)
		hash_index_insert(&profile->stack_index, hash, row);
	*ret_stack = row;
	return 0;
}

int profile_count(struct profile *profile, uint32_t stack, uint64_t value)
{
	if (value > INT64_MAX || profile->total > INT64_MAX - value)
		return -EOVERFLOW;
	profile->counts[stack].value += value;
	profile->total += value;
	return 0;
}

int profile_count_before(struct profile *profile, uint32_t stack, uint64_t value)
{
	if (value > INT64_MAX || profile->total_before > INT64_MAX - value)
		return -EOVERFLOW;
	profile->counts[stack].before += value;
	profile->total_before += value;
	profile->has_before = true;
	return 0;
}

int profile_count_at(struct profile *profile, uint32_t stack, uint32_t slice, uint64_t value)
{
	int ret = profile_count(profile, stack, value);

	if (!ret && value)
		time_slices_add(&profile->slices, stack, slice, value);
	return ret;
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

/* Puts the frames in their order and renames them in the stacks. */
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
	for (size_t i = 0; i < profile->nr_ids; i++)
		profile->ids[i] = rank[profile->ids[i]];
	free(profile->frames);
	profile->frames = sorted;
}

/* The nodes of the stack before, outermost first: what a stack begins with it shares. */
struct path {
	uint32_t *nodes;
	const uint32_t *ids;
	size_t nr, cap;
};

static size_t shared_beginning(const struct path *path, const uint32_t *ids, size_t nr)
{
	size_t most = path->nr < nr ? path->nr : nr;
	size_t shared = 0;

	while (shared < most && path->ids[shared] == ids[shared])
		shared++;
	return shared;
}

static uint32_t add_node(struct profile *profile, uint32_t parent, uint32_t frame)
{
	GROW_ARRAY(profile->nodes, profile->nr_nodes, profile->cap_nodes);
	profile->nodes[profile->nr_nodes] = (struct profile_node){
		.frame = &profile->frames[frame],
		.parent = parent,
	};
	return (uint32_t)profile->nr_nodes++;
}

/* Stacks come in order, so new nodes come in preorder. */
static uint32_t add_stack_nodes(struct profile *profile, struct path *path, uint32_t stack)
{
	const uint32_t *ids = profile->ids + profile->starts[stack];
	size_t nr = profile->starts[stack + 1] - profile->starts[stack];
	size_t shared = shared_beginning(path, ids, nr);
	uint32_t node = shared ? path->nodes[shared - 1] : 0;

	if (nr > path->cap) {
		path->cap = nr * 2;
		path->nodes = xreallocarray(path->nodes, path->cap, sizeof(*path->nodes));
	}
	for (size_t i = shared; i < nr; i++)
		node = path->nodes[i] = add_node(profile, node, ids[i]);
	path->ids = ids;
	path->nr = nr;
	profile->nodes[node].self += profile->counts[stack].value;
	/* Until profile_finish() is done, a total is what was before. */
	profile->nodes[node].total += profile->counts[stack].before;
	return node;
}

static void build_nodes(struct profile *profile)
{
	size_t nr = profile->nr_counts;
	_cleanup_free_ uint32_t *order = xreallocarray(NULL, nr + 1, sizeof(*order));
	_cleanup_free_ uint32_t *node_of = xreallocarray(NULL, nr + 1, sizeof(*node_of));
	struct path path = {0};

	if (profile->ordered) {
		for (size_t i = 0; i < nr; i++)
			order[i] = (uint32_t)i;
	} else {
		stack_sort(profile->ids, profile->starts, nr, order);
	}
	GROW_ARRAY(profile->nodes, profile->nr_nodes, profile->cap_nodes);
	profile->nodes[profile->nr_nodes++] = (struct profile_node){0};
	for (size_t i = 0; i < nr; i++)
		node_of[order[i]] = add_stack_nodes(profile, &path, order[i]);
	free(path.nodes);
	time_slices_sort(&profile->slices, node_of);
}

static void split_off_before(struct profile *profile)
{
	if (profile->has_before)
		profile->before = xcalloc(profile->nr_nodes, sizeof(*profile->before));
	for (size_t i = 0; i < profile->nr_nodes && profile->before; i++) {
		profile->before[i].self = profile->nodes[i].total;
		profile->before[i].total = profile->nodes[i].total;
	}
	for (size_t i = 0; i < profile->nr_nodes; i++)
		profile->nodes[i].total = profile->nodes[i].self;
}

void profile_finish(struct profile *profile)
{
	if (profile->nodes)
		return;
	hash_index_release(&profile->stack_index);
	sort_frames(profile);
	build_nodes(profile);
	drop_stacks(profile);
	split_off_before(profile);
	for (size_t i = profile->nr_nodes; --i > 0;) {
		struct profile_node *node = &profile->nodes[i];
		struct profile_node *parent = &profile->nodes[node->parent];

		parent->total += node->total;
		node->next_sibling = parent->first_child;
		parent->first_child = (uint32_t)i;
		if (profile->before)
			profile->before[node->parent].total += profile->before[i].total;
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

const struct time_slices *profile_slices(const struct profile *profile)
{
	return &profile->slices;
}

uint64_t profile_total(const struct profile *profile)
{
	return profile->total;
}

const struct profile_before *profile_before(const struct profile *profile)
{
	return profile->before;
}
