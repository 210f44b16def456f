/* SPDX-License-Identifier: MIT */
#include "flamegraph/picture.h"

#include "common/alloc.h"
#include "flamegraph/frame_label.h"
#include "flamegraph/markup.h"
#include "flamegraph/palette.h"
#include "flamegraph/profile.h"
#include "flamegraph/profile_walk.h"

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

static uint64_t place_node(struct cursor *cursor, const struct profile_walk *walk)
{
	uint64_t total = walk->nodes[profile_walk_node(walk)].total;
	size_t depth = walk->depth;
	uint64_t place;

	while (depth + 1 >= cursor->cap) {
		size_t old = cursor->cap;

		cursor->cap = old ? old * 2 : 64;
		cursor->at = xreallocarray(cursor->at, cursor->cap, sizeof(*cursor->at));
		for (size_t i = old; i < cursor->cap; i++)
			cursor->at[i] = 0;
	}
	place = cursor->at[depth];
	cursor->at[depth] += total;
	cursor->at[depth + 1] = place;
	return place;
}

static int compare_down(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a;
	uint64_t right = *(const uint64_t *)b;

	return (left < right) - (left > right);
}

static uint64_t least_total(const struct picture *picture, const struct profile *profile)
{
	double scale = (picture->width - 2 * picture->pad) / (double)profile_total(profile);
	uint64_t least = (uint64_t)(picture->min_width / scale);
	_cleanup_free_ uint64_t *totals = NULL;
	size_t nr, nr_drawn = 0, cap = 0;
	const struct profile_node *nodes = profile_nodes(profile, &nr);

	if ((double)least * scale < picture->min_width)
		least++;
	for (size_t i = 1; i < nr; i++) {
		if (nodes[i].total < least)
			continue;
		GROW_ARRAY(totals, nr_drawn, cap);
		totals[nr_drawn++] = nodes[i].total;
	}
	if (nr_drawn <= MAX_BOXES)
		return least;
	qsort(totals, nr_drawn, sizeof(*totals), compare_down);
	return totals[MAX_BOXES] + 1;
}

void picture_measure(struct picture *picture, const struct profile *profile)
{
	uint32_t max_rows = (uint32_t)(picture->max_height / picture->row_height);
	struct profile_walk walk;
	size_t deepest = 0;

	picture->least = least_total(picture, profile);
	picture->nr_boxes = 0;
	profile_walk_init(&walk, profile);
	while (profile_walk_next(&walk)) {
		if (walk.nodes[profile_walk_node(&walk)].total < picture->least)
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

struct box {
	const char *class;
	const char *name;
	uint64_t total, whole;
	double x, y, width;
};

static void put_box(const struct picture *picture, const struct box *box, FILE *out)
{
	double width = box->width > GAP_MIN_WIDTH ? box->width - GAP : box->width;
	double room = (box->width - 2 * TEXT_MARGIN) / picture->char_width;
	_cleanup_free_ char *label = room > 0 ? frame_label(box->name, (size_t)room) : NULL;
	char count[MARKUP_COUNT_MAX];

	fprintf(out, "<rect class=\"%s\" x=\"", box->class);
	markup_pixels(out, box->x);
	fputs("\" y=\"", out);
	markup_pixels(out, box->y);
	fputs("\" width=\"", out);
	markup_pixels(out, width < 0.1 ? 0.1 : width);
	fputs("\" height=\"", out);
	markup_pixels(out, picture->row_height - 1);
	fputs("\"><title>", out);
	markup_text(out, box->name);
	fprintf(out, " (%s %s, %.2f%%)</title></rect>", markup_count(box->total, count),
		picture->unit, markup_percent(box->total, box->whole));
	if (label) {
		fputs("<text x=\"", out);
		markup_pixels(out, box->x + TEXT_MARGIN);
		fputs("\" y=\"", out);
		markup_pixels(out, box->y + (picture->row_height + picture->font_size) / 2 - 2);
		fputs("\">", out);
		markup_text(out, label);
		fputs("</text>", out);
	}
	putc('\n', out);
}

static double row_y(const struct picture *picture, double top, size_t depth)
{
	size_t row = picture->inverted ? depth : picture->rows - 1 - depth;

	return top + (double)row * picture->row_height;
}

void picture_write(const struct picture *picture, const struct profile *profile, double top,
		   FILE *out)
{
	uint64_t whole = profile_total(profile);
	double scale = (picture->width - 2 * picture->pad) / (double)whole;
	struct box box = {.class = "r0", .name = "all", .total = whole, .whole = whole};
	struct cursor cursor = {0};
	struct profile_walk walk;

	box.x = picture->pad;
	box.y = row_y(picture, top, 0);
	box.width = (double)whole * scale;
	put_box(picture, &box, out);
	profile_walk_init(&walk, profile);
	while (profile_walk_next(&walk)) {
		const struct profile_node *node = &walk.nodes[profile_walk_node(&walk)];
		uint64_t place = place_node(&cursor, &walk);
		char class[PALETTE_CLASS_MAX];

		if (node->total < picture->least || walk.depth >= picture->rows)
			continue;
		box.class = palette_class(picture->palette, node->frame, node->total, whole, class);
		box.name = node->frame->name;
		box.total = node->total;
		box.x = picture->pad + (double)place * scale;
		box.y = row_y(picture, top, walk.depth);
		box.width = (double)node->total * scale;
		put_box(picture, &box, out);
	}
	profile_walk_release(&walk);
	free(cursor.at);
}
