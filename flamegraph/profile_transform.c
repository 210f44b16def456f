/* SPDX-License-Identifier: MIT */
#include "flamegraph/profile_transform.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "flamegraph/profile.h"
#include "flamegraph/profile_walk.h"
#include "flamegraph/time_slices.h"

#include <stdlib.h>
#include <string.h>

enum {
	FRAME_INLINED = 1 << 0,
	FRAME_BASE = 1 << 1,
	FRAME_SKIP_AFTER = 1 << 2,
};

struct work {
	const struct profile_transform *how;
	const struct profile_node *nodes;
	const struct profile_before *before;
	const struct time_slices *slices;
	const struct frame *frames;
	struct profile *into;
	uint32_t *new_id; /* of each frame */
	uint8_t *flags;	  /* of each frame */
	uint32_t *stack;
	size_t cap;
	uint64_t dropped;
};

static bool is_among(const char *name, const char *const *names, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		if (!strcmp(name, names[i]))
			return true;
	}
	return false;
}

static bool same_function(const struct frame *a, const struct frame *b)
{
	bool same_module = a->module == b->module ||
			   (a->module && b->module && !strcmp(a->module, b->module));

	return same_module && a->kind == b->kind && !strcmp(a->name, b->name);
}

bool profile_has_lines(const struct profile *profile)
{
	size_t nr;
	const struct frame *frames = profile_frames(profile, &nr);

	for (size_t i = 1; i < nr; i++) {
		if (same_function(&frames[i - 1], &frames[i]))
			return true;
	}
	return false;
}

/* What each frame was part of, recursion counted each time. */
static uint64_t *weigh_frames(const struct work *work, size_t nr_nodes, size_t nr_frames)
{
	uint64_t *weights = xcalloc(nr_frames + 1, sizeof(*weights));

	for (size_t i = 1; i < nr_nodes; i++)
		weights[work->nodes[i].frame - work->frames] += work->nodes[i].total;
	return weights;
}

/*
 * Frames of one function, next to each other as they are sorted, differ in file and line: the
 * function has those of its heaviest frame.  Returns the end of the function that begins at @first.
 */
static size_t unite_frames(struct work *work, size_t first, size_t nr, const uint64_t *weights)
{
	const struct frame *frames = work->frames;
	size_t end = first, heaviest = first;

	for (; end < nr && same_function(&frames[first], &frames[end]); end++) {
		if (weights[end] > weights[heaviest])
			heaviest = end;
	}
	for (size_t i = first; i < end; i++) {
		struct frame function = frames[i];

		function.file = frames[heaviest].file;
		function.line = frames[heaviest].line;
		work->new_id[i] = profile_frame(work->into, &function);
	}
	return end;
}

static void unite_functions(struct work *work, size_t nr_nodes, size_t nr)
{
	_cleanup_free_ uint64_t *weights = weigh_frames(work, nr_nodes, nr);

	for (size_t i = 0; i < nr;)
		i = unite_frames(work, i, nr, weights);
}

/* "comm-12/34" without what @grouping does not tell apart; to be freed. */
static char *group_name(const char *name, enum profile_grouping grouping)
{
	char *text = xstrdup(name);
	char *slash = strrchr(text, '/'), *dash;

	if (slash && slash[1] && slash[1 + strspn(slash + 1, "0123456789")] == '\0')
		*slash = '\0';
	if (grouping != GROUP_BY_COMM)
		return text;
	dash = strrchr(text, '-');
	if (dash && dash > text && dash[1] && dash[1 + strspn(dash + 1, "0123456789")] == '\0')
		*dash = '\0';
	return text;
}

static void group_frame(struct work *work, const struct frame *frame, size_t row)
{
	_cleanup_free_ char *name = NULL;
	struct frame grouped = *frame;

	if (frame->kind != FRAME_KIND_MARK || work->how->grouping == GROUP_AS_IS)
		return;
	name = group_name(frame->name, work->how->grouping);
	grouped.name = name;
	work->new_id[row] = profile_frame(work->into, &grouped);
}

static void rename_frames(struct work *work, size_t nr)
{
	const struct profile_transform *how = work->how;

	for (size_t i = 0; i < nr; i++) {
		struct frame frame = work->frames[i];

		if (frame.kind == FRAME_KIND_INLINED)
			work->flags[i] |= FRAME_INLINED;
		if (is_among(frame.name, how->bases, how->nr_bases))
			work->flags[i] |= FRAME_BASE;
		if (is_among(frame.name, how->skip_after, how->nr_skip_after))
			work->flags[i] |= FRAME_SKIP_AFTER;
		if (how->by_function)
			continue;
		work->new_id[i] = profile_frame(work->into, &frame);
		group_frame(work, &work->frames[i], i);
	}
}

static size_t frame_at(const struct work *work, const struct profile_walk *walk, size_t depth)
{
	return (size_t)(work->nodes[walk->path[depth]].frame - work->frames);
}

/* Where the stack begins; false if it has no base. */
static bool find_start(const struct work *work, const struct profile_walk *walk, size_t *ret_start)
{
	bool has_base = !work->how->nr_bases;
	size_t start = 0;

	for (size_t i = 0; i < walk->depth; i++) {
		uint8_t flags = work->flags[frame_at(work, walk, i)];

		if (!has_base && flags & FRAME_BASE) {
			has_base = true;
			start = i;
		}
		if (flags & FRAME_SKIP_AFTER)
			start = i;
	}
	*ret_start = start;
	return has_base;
}

static size_t build_stack(struct work *work, const struct profile_walk *walk, size_t start)
{
	size_t nr = 0;

	while (work->cap < walk->depth) {
		work->cap = walk->depth * 2;
		work->stack = xreallocarray(work->stack, work->cap, sizeof(*work->stack));
	}
	for (size_t i = start; i < walk->depth; i++) {
		size_t frame = frame_at(work, walk, i);
		uint32_t id = work->new_id[frame];

		if (work->how->no_inlined && work->flags[frame] & FRAME_INLINED)
			continue;
		if (work->how->collapse_recursion && nr && work->stack[nr - 1] == id)
			continue;
		work->stack[nr++] = id;
	}
	for (size_t i = 0; work->how->reverse && i < nr / 2; i++) {
		uint32_t id = work->stack[i];

		work->stack[i] = work->stack[nr - 1 - i];
		work->stack[nr - 1 - i] = id;
	}
	return nr;
}

static void count_node(struct work *work, uint32_t node, uint32_t stack)
{
	size_t nr;
	const struct time_slice *slices = time_slices_of(work->slices, node, &nr);

	for (size_t i = 0; i < nr; i++)
		profile_count_at(work->into, stack, slices[i].slice, slices[i].value);
	if (!nr)
		profile_count(work->into, stack, work->nodes[node].self);
}

/* The sums are those of the profile: they cannot overflow. */
static void add_stack(struct work *work, const struct profile_walk *walk)
{
	uint32_t node = profile_walk_node(walk);
	uint64_t before = work->before ? work->before[node].self : 0;
	size_t start, nr;
	uint32_t stack;

	if (!work->nodes[node].self && !before)
		return;
	if (!find_start(work, walk, &start)) {
		work->dropped += work->nodes[node].self;
		return;
	}
	/* A stack of its root alone would be none. */
	if (work->how->grouping == GROUP_BY_NOTHING && !start && walk->depth > 1)
		start = 1;
	nr = build_stack(work, walk, start);
	if (profile_stack(work->into, work->stack, nr, &stack) < 0)
		die_oom();
	count_node(work, node, stack);
	if (work->before)
		profile_count_before(work->into, stack, before);
}

struct profile *profile_transformed(const struct profile *profile,
				    const struct profile_transform *transform,
				    uint64_t *ret_dropped)
{
	size_t nr_nodes, nr_frames;
	struct work work = {.how = transform, .into = profile_new()};
	struct profile_walk walk;
	uint32_t root;

	work.nodes = profile_nodes(profile, &nr_nodes);
	work.frames = profile_frames(profile, &nr_frames);
	work.before = profile_before(profile);
	work.slices = profile_slices(profile);
	work.new_id = xcalloc(nr_frames + 1, sizeof(*work.new_id));
	work.flags = xcalloc(nr_frames + 1, sizeof(*work.flags));
	if (profile_keeps_order(profile))
		profile_keep_order(work.into);
	profile_set_info(work.into, profile_info(profile));
	rename_frames(&work, nr_frames);
	if (transform->by_function)
		unite_functions(&work, nr_nodes, nr_frames);
	if (work.nodes[0].self && !profile_stack(work.into, NULL, 0, &root))
		count_node(&work, 0, root);
	profile_walk_init(&walk, profile);
	while (profile_walk_next(&walk))
		add_stack(&work, &walk);
	profile_walk_release(&walk);
	free(work.new_id);
	free(work.flags);
	free(work.stack);
	profile_finish(work.into);
	if (ret_dropped)
		*ret_dropped = work.dropped;
	return work.into;
}
