/* SPDX-License-Identifier: MIT */
#include "flamegraph/picture.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "flamegraph/frame_label.h"
#include "flamegraph/markup.h"
#include "flamegraph/palette.h"
#include "flamegraph/profile.h"
#include "flamegraph/profile_walk.h"

#include <math.h>
#include <stdlib.h>

#define MAX_BOXES     6000 /* more are slow to load and say no more */
#define TEXT_MARGIN   3
#define GAP	      0.7 /* between boxes that can spare it */
#define GAP_MIN_WIDTH 2.5

/* Where each level's next box begins, in the profile's unit. */
struct cursor {
	uint64_t *at;
	size_t cap;
};

static uint64_t weight_of(const struct picture *picture, const struct profile_node *nodes,
			  uint32_t node)
{
	return picture->weights ? picture->weights[node] : nodes[node].total;
}

static uint64_t place_node(struct cursor *cursor, size_t depth, uint64_t weight)
{
	uint64_t place;

	while (depth + 1 >= cursor->cap) {
		size_t old = cursor->cap;

		cursor->cap = old ? old * 2 : 64;
		cursor->at = xreallocarray(cursor->at, cursor->cap, sizeof(*cursor->at));
		for (size_t i = old; i < cursor->cap; i++)
			cursor->at[i] = 0;
	}
	place = cursor->at[depth];
	cursor->at[depth] += weight;
	cursor->at[depth + 1] = place;
	return place;
}

/* What the values before are multiplied with, so that both recordings weigh the same. */
static double before_factor(const struct picture *picture)
{
	uint64_t before = profile_before(picture->profile)[0].total;
	uint64_t after = picture->no_normalize ? before : profile_total(picture->profile);

	return before && after ? (double)after / (double)before : 1;
}

static double delta_of(const struct picture *picture, const struct profile_node *nodes,
		       uint32_t node)
{
	const struct profile_before *before = profile_before(picture->profile);
	double was = (double)before[node].total * before_factor(picture);

	return ((double)nodes[node].total - was) * (picture->negate ? -1 : 1);
}

/* As wide as the larger of both, so that what is gone is seen too. */
static void weigh_both(struct picture *picture)
{
	size_t nr;
	const struct profile_node *nodes = profile_nodes(picture->profile, &nr);
	const struct profile_before *before = profile_before(picture->profile);
	double factor = before_factor(picture);

	picture->weights = xcalloc(nr, sizeof(*picture->weights));
	for (uint32_t i = 0; i < nr; i++) {
		uint64_t was = (uint64_t)llround((double)before[i].self * factor);
		double delta = fabs(delta_of(picture, nodes, i));

		picture->weights[i] = nodes[i].self > was ? nodes[i].self : was;
		if (delta > picture->most_delta)
			picture->most_delta = delta;
	}
	for (size_t i = nr; --i > 0;)
		picture->weights[nodes[i].parent] += picture->weights[i];
}

static int compare_down(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a;
	uint64_t right = *(const uint64_t *)b;

	return (left < right) - (left > right);
}

static double scale_of(const struct picture *picture, const struct profile_node *nodes)
{
	return (picture->width - 2 * picture->pad) / (double)weight_of(picture, nodes, 0);
}

static uint64_t least_weight(const struct picture *picture, uint32_t max_rows)
{
	_cleanup_free_ uint64_t *weights = NULL;
	size_t nr_drawn = 0, cap = 0;
	struct profile_walk walk;
	double least;

	profile_walk_init(&walk, picture->profile);
	least = ceil(picture->min_width / scale_of(picture, walk.nodes));
	if (least < 1)
		least = 1;
	while (profile_walk_next(&walk)) {
		uint64_t weight = weight_of(picture, walk.nodes, profile_walk_node(&walk));

		if ((double)weight < least || walk.depth >= max_rows)
			continue;
		GROW_ARRAY(weights, nr_drawn, cap);
		weights[nr_drawn++] = weight;
	}
	profile_walk_release(&walk);
	if (nr_drawn <= MAX_BOXES)
		return (uint64_t)least;
	qsort(weights, nr_drawn, sizeof(*weights), compare_down);
	/* Where many weigh the same, rather a few too many than none. */
	if (weights[MAX_BOXES / 2] == weights[MAX_BOXES])
		return weights[MAX_BOXES];
	return weights[MAX_BOXES] + 1;
}

void picture_measure(struct picture *picture)
{
	uint32_t max_rows = (uint32_t)(picture->max_height / picture->row_height);
	struct profile_walk walk;
	size_t deepest = 0;

	if (profile_before(picture->profile))
		weigh_both(picture);
	picture->least = least_weight(picture, max_rows);
	picture->nr_boxes = 0;
	profile_walk_init(&walk, picture->profile);
	while (profile_walk_next(&walk)) {
		if (weight_of(picture, walk.nodes, profile_walk_node(&walk)) < picture->least)
			continue;
		picture->nr_boxes++;
		if (walk.depth > deepest)
			deepest = walk.depth;
	}
	profile_walk_release(&walk);
	picture->rows = (uint32_t)deepest + 1;
	picture->hidden = 0;
	if (picture->rows > max_rows) {
		picture->hidden = picture->rows - max_rows;
		picture->rows = max_rows;
	}
}

void picture_release(struct picture *picture)
{
	free(picture->weights);
	picture->weights = NULL;
}

struct box {
	const struct profile_node *nodes;
	uint32_t node;
	const char *name;
	double x, y, width;
	bool pale;
};

static void put_tooltip(const struct picture *picture, const struct box *box, FILE *out)
{
	const struct profile_before *before = profile_before(picture->profile);
	uint64_t total = box->nodes[box->node].total;
	double share = markup_percent(total, box->nodes[0].total);
	char count[MARKUP_COUNT_MAX];

	fputs("<title>", out);
	markup_text(out, box->name);
	fprintf(out, " (%s ", markup_count(total, count));
	markup_text(out, picture->unit);
	fprintf(out, ", %.2f%%", share);
	if (before)
		fprintf(out, "; %+.2f%%",
			share - markup_percent(before[box->node].total, before[0].total));
	fputs(")</title>", out);
}

static void put_label(const struct picture *picture, const struct box *box, FILE *out)
{
	double room = (box->width - 2 * TEXT_MARGIN) / picture->char_width;
	_cleanup_free_ char *label = room > 0 ? frame_label(box->name, (size_t)room) : NULL;

	if (!label)
		return;
	fputs(box->pale ? "<text class=\"pale\" x=\"" : "<text x=\"", out);
	markup_pixels(out, box->x + TEXT_MARGIN);
	fputs("\" y=\"", out);
	markup_pixels(out, box->y + (picture->row_height + picture->font_size) / 2 - 2);
	fputs("\">", out);
	markup_text(out, label);
	fputs("</text>", out);
}

static void put_class(const struct picture *picture, const struct box *box, FILE *out)
{
	const struct profile_node *node = &box->nodes[box->node];
	char class[PALETTE_CLASS_MAX] = "r0";

	if (profile_before(picture->profile))
		palette_delta_class(delta_of(picture, box->nodes, box->node), picture->most_delta,
				    class);
	else if (box->node)
		palette_class(picture->palette, node->frame, node->total, box->nodes[0].total,
			      class);
	fprintf(out, "<rect class=\"%s%s%s\" x=\"", class, node->total ? "" : " gone",
		box->pale ? " pale" : "");
}

static void put_box(const struct picture *picture, const struct box *box, FILE *out)
{
	double width = box->width > GAP_MIN_WIDTH ? box->width - GAP : box->width;

	put_class(picture, box, out);
	markup_pixels(out, box->x);
	fputs("\" y=\"", out);
	markup_pixels(out, box->y);
	fputs("\" width=\"", out);
	markup_pixels(out, width < 0.1 ? 0.1 : width);
	fputs("\" height=\"", out);
	markup_pixels(out, picture->row_height - 1);
	fputs("\">", out);
	put_tooltip(picture, box, out);
	fputs("</rect>", out);
	put_label(picture, box, out);
	putc('\n', out);
}

static double row_y(const struct picture *picture, double top, size_t depth)
{
	size_t row = picture->inverted ? depth : picture->rows - 1 - depth;

	return top + (double)row * picture->row_height;
}

void picture_write(const struct picture *picture, double top, FILE *out)
{
	struct cursor cursor = {0};
	struct profile_walk walk;
	struct box box = {.name = "all", .x = picture->pad};
	size_t nr_frames;
	const struct frame *frames = profile_frames(picture->profile, &nr_frames);
	double scale;

	profile_walk_init(&walk, picture->profile);
	scale = scale_of(picture, walk.nodes);
	box.nodes = walk.nodes;
	box.y = row_y(picture, top, 0);
	box.width = picture->width - 2 * picture->pad;
	put_box(picture, &box, out);
	while (profile_walk_next(&walk)) {
		uint32_t node = profile_walk_node(&walk);
		uint64_t weight = weight_of(picture, walk.nodes, node);
		uint64_t place = place_node(&cursor, walk.depth, weight);

		if (weight < picture->least || walk.depth >= picture->rows)
			continue;
		box.node = node;
		box.name = walk.nodes[node].frame->name;
		box.pale = picture->pale && picture->pale[walk.nodes[node].frame - frames];
		box.x = picture->pad + (double)place * scale;
		box.y = row_y(picture, top, walk.depth);
		box.width = (double)weight * scale;
		put_box(picture, &box, out);
	}
	profile_walk_release(&walk);
	free(cursor.at);
}
