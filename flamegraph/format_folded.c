/* SPDX-License-Identifier: MIT */
/*
 * Folded stacks as every reader of them takes them: "root;caller;leaf COUNT", UTF-8, sorted frame
 * by frame, each stack once.  The number of lines and their bytes depend on the profile alone.
 */
#include "common/alloc.h"
#include "flamegraph/folded_name.h"
#include "flamegraph/format.h"
#include "flamegraph/format_writers.h"
#include "flamegraph/profile.h"
#include "flamegraph/profile_walk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct spelling {
	char **texts; /* of each frame as a caller */
	size_t nr;
	bool keeps_tree; /* texts are distinct, in the frames' order, and the same for leaves */
};

static void spelling_init(struct spelling *spelling, const struct profile *profile)
{
	const struct frame *frames = profile_frames(profile, &spelling->nr);

	spelling->texts = xcalloc(spelling->nr + 1, sizeof(*spelling->texts));
	spelling->keeps_tree = true;
	for (size_t i = 0; i < spelling->nr; i++) {
		spelling->texts[i] = folded_name(&frames[i], false);
		if (folded_name_depends_on_leaf(&frames[i]) ||
		    (i && strcmp(spelling->texts[i - 1], spelling->texts[i]) >= 0))
			spelling->keeps_tree = false;
	}
}

static void spelling_release(struct spelling *spelling)
{
	for (size_t i = 0; i < spelling->nr; i++)
		free(spelling->texts[i]);
	free(spelling->texts);
}

/* The line under construction; ends[depth] is where the frame at that depth ends. */
struct line {
	char *text;
	size_t cap;
	size_t *ends;
	size_t cap_ends;
};

static void append_frame(struct line *line, size_t depth, const char *name)
{
	size_t start = depth ? line->ends[depth - 1] : 0;
	size_t len = strlen(name);

	if (start + len + 2 > line->cap) {
		line->cap = (start + len + 2) * 2;
		line->text = xreallocarray(line->text, line->cap, 1);
	}
	if (depth >= line->cap_ends) {
		line->cap_ends = depth * 2 + 64;
		line->ends = xreallocarray(line->ends, line->cap_ends, sizeof(*line->ends));
	}
	if (depth)
		line->text[start++] = ';';
	memcpy(line->text + start, name, len);
	line->ends[depth] = start + len;
}

/* @before: of a comparison, else NULL. */
static void put_line(FILE *out, const struct line *line, const struct profile_node *node,
		     const struct profile_before *before, size_t depth)
{
	bool only_mark = depth == 0 && node->frame->kind == FRAME_KIND_MARK;

	fwrite(line->text, 1, line->ends[depth], out);
	/* Perfetto tells the format by the ';' in the first lines. */
	if (only_mark)
		fputs(";[unknown]", out);
	if (before)
		fprintf(out, " %" PRIu64, before->self);
	fprintf(out, " %" PRIu64 "\n", node->self);
}

/* @texts are by frame; NULL: the frames' names are spelled already. */
static void put_tree(const struct profile *profile, char *const *texts, FILE *out)
{
	size_t nr_frames;
	const struct frame *frames = profile_frames(profile, &nr_frames);
	const struct profile_before *all_before = profile_before(profile);
	struct profile_walk walk;
	struct line line = {0};

	profile_walk_init(&walk, profile);
	while (profile_walk_next(&walk)) {
		uint32_t index = profile_walk_node(&walk);
		const struct profile_node *node = &walk.nodes[index];
		const struct profile_before *before = all_before ? &all_before[index] : NULL;

		append_frame(&line, walk.depth - 1,
			     texts ? texts[node->frame - frames] : node->frame->name);
		if (node->self || (before && before->self))
			put_line(out, &line, node, before, walk.depth - 1);
	}
	profile_walk_release(&walk);
	free(line.text);
	free(line.ends);
}

static uint32_t spelled_frame(struct profile *profile, const char *text)
{
	struct frame frame = {.name = text, .kind = FRAME_KIND_USER};

	return profile_frame(profile, &frame);
}

/* No overflow: the sums are those the profile has. */
static void add_respelled(struct profile *respelled, const struct profile *profile, uint32_t node,
			  const uint32_t *ids, size_t depth)
{
	size_t nr;
	uint64_t value = profile_nodes(profile, &nr)[node].self;
	const struct profile_before *before = profile_before(profile);
	uint32_t stack;

	if (!value && !(before && before[node].self))
		return;
	if (profile_stack(respelled, ids, depth, &stack) < 0)
		die_oom();
	profile_count(respelled, stack, value);
	if (before)
		profile_count_before(respelled, stack, before[node].self);
}

/* The same stacks under their spellings: what was two frames may now be one, elsewhere in order. */
static struct profile *respell(const struct profile *profile, const struct spelling *spelling)
{
	struct profile *respelled = profile_new();
	const struct frame *frames = profile_frames(profile, &(size_t){0});
	_cleanup_free_ uint32_t *as_caller = xcalloc(spelling->nr + 1, sizeof(*as_caller));
	_cleanup_free_ uint32_t *as_leaf = xcalloc(spelling->nr + 1, sizeof(*as_leaf));
	_cleanup_free_ uint32_t *ids = NULL;
	size_t cap = 0;
	struct profile_walk walk;

	for (size_t i = 0; i < spelling->nr; i++) {
		_cleanup_free_ char *leaf = folded_name(&frames[i], true);

		as_caller[i] = spelled_frame(respelled, spelling->texts[i]);
		as_leaf[i] = spelled_frame(respelled, leaf);
	}
	profile_walk_init(&walk, profile);
	while (profile_walk_next(&walk)) {
		const struct profile_node *node = &walk.nodes[profile_walk_node(&walk)];
		size_t depth = walk.depth;

		if (depth + 1 > cap) {
			cap = depth * 2 + 64;
			ids = xreallocarray(ids, cap, sizeof(*ids));
		}
		ids[depth - 1] = as_leaf[node->frame - frames];
		if (depth == 1 && node->frame->kind == FRAME_KIND_MARK)
			ids[depth++] = spelled_frame(respelled, "[unknown]");
		add_respelled(respelled, profile, profile_walk_node(&walk), ids, depth);
		ids[walk.depth - 1] = as_caller[node->frame - frames];
	}
	profile_walk_release(&walk);
	profile_finish(respelled);
	return respelled;
}

/* What a mark alone counts is told as its child, which has a place among the others. */
static bool has_counting_marks(const struct profile *profile)
{
	size_t nr;
	const struct profile_node *nodes = profile_nodes(profile, &nr);
	const struct profile_before *before = profile_before(profile);

	for (uint32_t i = nodes[0].first_child; i; i = nodes[i].next_sibling) {
		if (nodes[i].frame->kind == FRAME_KIND_MARK && nodes[i].first_child &&
		    (nodes[i].self || (before && before[i].self)))
			return true;
	}
	return false;
}

static int write_folded(const struct profile *profile, const struct format_options *options,
			FILE *out)
{
	const struct profile_before *before = profile_before(profile);
	struct spelling spelling;

	(void)options;
	if (!profile_total(profile) && !(before && before[0].total))
		return -ENODATA;
	spelling_init(&spelling, profile);
	if (spelling.keeps_tree && !has_counting_marks(profile)) {
		put_tree(profile, spelling.texts, out);
	} else {
		_cleanup_(profile_freep) struct profile *respelled = respell(profile, &spelling);

		put_tree(respelled, NULL, out);
	}
	spelling_release(&spelling);
	return ferror(out) ? -EIO : 0;
}

const struct format format_folded = {
	.name = "folded",
	.suffix = ".folded",
	.what = "folded stacks, one line each",
	.compares = true,
	.write = write_folded,
};
