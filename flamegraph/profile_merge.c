/* SPDX-License-Identifier: MIT */
#include "flamegraph/profile_merge.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "flamegraph/folded_name.h"
#include "flamegraph/hash_index.h"
#include "flamegraph/profile.h"
#include "flamegraph/profile_walk.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static char *without_addresses(const char *name)
{
	char *text = xmalloc(strlen(name) * 2 + 1);
	char *to = text;

	while (*name) {
		size_t digits = 0;

		if (name[0] == '0' && name[1] == 'x')
			while (isxdigit((unsigned char)name[2 + digits]))
				digits++;
		if (digits) {
			to = stpcpy(to, "0x...");
			name += 2 + digits;
		} else {
			*to++ = *name++;
		}
	}
	*to = '\0';
	return text;
}

/* The frames of @from in @into, as they are. */
static uint32_t *copied_ids(struct profile *into, const struct profile *from)
{
	size_t nr;
	const struct frame *frames = profile_frames(from, &nr);
	uint32_t *ids = xcalloc(nr + 1, sizeof(*ids));

	for (size_t i = 0; i < nr; i++) {
		const char *module = frames[i].module;
		const struct build_id *id = module ? profile_build_id(from, module) : NULL;

		ids[i] = profile_frame(into, &frames[i]);
		if (id)
			profile_set_build_id(into, module, id);
	}
	return ids;
}

static int add_stacks(struct profile *into, const struct profile *from, const uint32_t *ids,
		      int (*count)(struct profile *profile, uint32_t stack, uint64_t value))
{
	_cleanup_free_ uint32_t *stack = NULL;
	const struct frame *frames = profile_frames(from, &(size_t){0});
	struct profile_walk walk;
	size_t cap = 0;
	int ret = 0;

	profile_walk_init(&walk, from);
	while (!ret && profile_walk_next(&walk)) {
		const struct profile_node *node = &walk.nodes[profile_walk_node(&walk)];
		uint32_t row;

		if (walk.depth > cap) {
			cap = walk.depth * 2;
			stack = xreallocarray(stack, cap, sizeof(*stack));
		}
		stack[walk.depth - 1] = ids[node->frame - frames];
		if (!node->self)
			continue;
		ret = profile_stack(into, stack, walk.depth, &row);
		if (!ret)
			ret = count(into, row, node->self);
	}
	profile_walk_release(&walk);
	return ret;
}

int profile_add_all(struct profile *into, const struct profile *from)
{
	_cleanup_free_ uint32_t *ids = copied_ids(into, from);

	return add_stacks(into, from, ids, profile_count);
}

#define NO_NODE UINT32_MAX

/* A node of both trees, or of one. */
struct merged_node {
	uint32_t parent; /* NO_NODE: a root */
	const char *spelling;
	const struct frame *frame; /* of the side that tells more */
	uint64_t value, before;
};

struct merging {
	struct profile *both;
	bool strip_hex;
	struct merged_node *nodes;
	size_t nr, cap;
	struct hash_index index;
};

static char *comparable_name(const struct merging *merging, const struct frame *frame)
{
	return merging->strip_hex ? without_addresses(frame->name) : xstrdup(frame->name);
}

/* As frames are spelled in folded stacks, which know less of them than captures and pages do. */
static const char **spellings(struct merging *merging, const struct profile *from)
{
	size_t nr;
	const struct frame *frames = profile_frames(from, &nr);
	const char **texts = xcalloc(nr + 1, sizeof(*texts));

	for (size_t i = 0; i < nr; i++) {
		_cleanup_free_ char *name = comparable_name(merging, &frames[i]);
		const struct frame frame = {.name = name, .kind = frames[i].kind};
		_cleanup_free_ char *text = folded_name(&frame, true);

		texts[i] = profile_string(merging->both, text);
	}
	return texts;
}

static uint32_t merged_child(struct merging *merging, uint32_t parent, const char *spelling,
			     const struct frame *frame)
{
	uint64_t hash = hash_u64(hash_u64(merging->index.seed, parent), (uintptr_t)spelling);
	struct hash_probe probe;
	uint32_t row;

	for (row = hash_index_first(&merging->index, hash, &probe); row != HASH_INDEX_NONE;
	     row = hash_index_next(&merging->index, &probe)) {
		struct merged_node *node = &merging->nodes[row];

		if (node->parent != parent || node->spelling != spelling)
			continue;
		if (node->frame->kind == FRAME_KIND_USER)
			node->frame = frame;
		return row;
	}
	GROW_ARRAY(merging->nodes, merging->nr, merging->cap);
	row = (uint32_t)merging->nr++;
	merging->nodes[row] = (struct merged_node){parent, spelling, frame, 0, 0};
	hash_index_insert(&merging->index, hash, row);
	return row;
}

/* Folded stacks tell what a mark alone counts as a child of it. */
static uint32_t counting_node(struct merging *merging, uint32_t row, size_t depth)
{
	static const struct frame unknown = {.name = "[unknown]", .kind = FRAME_KIND_UNKNOWN};

	if (depth > 1 || merging->nodes[row].frame->kind != FRAME_KIND_MARK)
		return row;
	return merged_child(merging, row, profile_string(merging->both, unknown.name), &unknown);
}

static void merge_side(struct merging *merging, const struct profile *from, bool is_before)
{
	_cleanup_free_ const char **texts = spellings(merging, from);
	const struct frame *frames = profile_frames(from, &(size_t){0});
	_cleanup_free_ uint32_t *rows = NULL;
	struct profile_walk walk;
	size_t cap = 0;

	profile_walk_init(&walk, from);
	while (profile_walk_next(&walk)) {
		const struct profile_node *node = &walk.nodes[profile_walk_node(&walk)];
		size_t depth = walk.depth;
		uint32_t row;

		if (depth > cap) {
			cap = depth * 2;
			rows = xreallocarray(rows, cap, sizeof(*rows));
		}
		row = merged_child(merging, depth > 1 ? rows[depth - 2] : NO_NODE,
				   texts[node->frame - frames], node->frame);
		rows[depth - 1] = row;
		if (!node->self)
			continue;
		row = counting_node(merging, row, depth);
		*(is_before ? &merging->nodes[row].before
			    : &merging->nodes[row].value) += node->self;
	}
	profile_walk_release(&walk);
}

static uint32_t merged_frame(const struct merging *merging, const struct merged_node *node)
{
	_cleanup_free_ char *name = comparable_name(merging, node->frame);
	const struct frame frame = {
		.name = name,
		.full_name = node->frame->full_name,
		.kind = node->frame->kind,
	};

	return profile_frame(merging->both, &frame);
}

static int count_merged(struct merging *merging)
{
	_cleanup_free_ uint32_t *ids = xcalloc(merging->nr + 1, sizeof(*ids));
	_cleanup_free_ uint32_t *stack = NULL;
	size_t cap = 0;
	int ret = 0;

	for (size_t i = 0; i < merging->nr; i++)
		ids[i] = merged_frame(merging, &merging->nodes[i]);
	for (size_t i = 0; i < merging->nr && !ret; i++) {
		const struct merged_node *node = &merging->nodes[i];
		size_t depth = 0, at;
		uint32_t row;

		if (!node->value && !node->before)
			continue;
		for (uint32_t up = (uint32_t)i; up != NO_NODE; up = merging->nodes[up].parent)
			depth++;
		if (depth > cap) {
			cap = depth * 2;
			stack = xreallocarray(stack, cap, sizeof(*stack));
		}
		at = depth;
		for (uint32_t up = (uint32_t)i; up != NO_NODE; up = merging->nodes[up].parent)
			stack[--at] = ids[up];
		ret = profile_stack(merging->both, stack, depth, &row);
		if (!ret)
			ret = profile_count(merging->both, row, node->value);
		if (!ret)
			ret = profile_count_before(merging->both, row, node->before);
	}
	return ret;
}

int profile_compare(const struct profile *before, const struct profile *after, bool strip_hex,
		    struct profile **ret_profile)
{
	_cleanup_(profile_freep) struct profile *both = profile_new();
	struct merging merging = {.both = both, .strip_hex = strip_hex};
	int ret;

	profile_set_info(both, profile_info(after));
	hash_index_init(&merging.index);
	merge_side(&merging, after, false);
	merge_side(&merging, before, true);
	ret = count_merged(&merging);
	hash_index_release(&merging.index);
	free(merging.nodes);
	if (ret < 0)
		return ret;
	profile_finish(both);
	*ret_profile = TAKE_PTR(both);
	return 0;
}
