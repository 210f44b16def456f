/* SPDX-License-Identifier: MIT */
#include "flamegraph/picture.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/frame.h"
#include "flamegraph/frame_label.h"
#include "flamegraph/markup.h"
#include "flamegraph/palette.h"
#include "flamegraph/profile.h"
#include "flamegraph/profile_walk.h"
#include "flamegraph/utf8.h"
#include "flamegraph/value_unit.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#define MAX_BOXES     5000 /* more are slow to load and say no more */
#define TEXT_MARGIN   3
#define GAP	      0.7 /* between boxes that can spare it */
#define GAP_MIN_WIDTH 2.5
#define CHANGE_MAX    64 /* bytes of what a comparison says of a box */
#define CHANGE_LEAST  8	 /* letters of the name that must fit beside it */

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

/* How often the one goes into the other, as short as people say it. */
static void put_factor(FILE *out, double factor)
{
	char text[32];
	int len = snprintf(text, sizeof(text), factor < 10 ? "%.2f" : "%.0f", factor);

	while (factor < 10 && len > 1 && text[len - 1] == '0')
		len--;
	if (text[len - 1] == '.')
		len--;
	fprintf(out, "\xc3\x97%.*s", len, text);
}

/*
 * What became of a function: how many more or fewer, or, where shares are compared, by how many
 * points its share changed.  engine/view.js says the same.
 */
static void put_change(const struct picture *picture, const struct box *box, bool with_factor,
		       FILE *out)
{
	const struct profile_before *before = profile_before(picture->profile);
	double was = (double)before[box->node].total * before_factor(picture);
	double now = (double)box->nodes[box->node].total;
	double delta = delta_of(picture, box->nodes, box->node) + 0.0; /* no "-0" */
	double whole = (double)box->nodes[0].total;
	char count[MARKUP_COUNT_MAX];

	if (picture->no_normalize)
		fprintf(out, "%c%s", delta < 0 ? '-' : '+',
			markup_count((uint64_t)llround(fabs(delta)), count));
	else
		fprintf(out, "%+.2f%%pt", whole > 0 ? 100 * delta / whole : 0);
	if (was <= 0 || now <= 0) {
		fputs((was <= 0) == picture->negate ? " gone" : " new", out);
	} else if (with_factor || (picture->no_normalize && delta != 0)) {
		fputs(" (", out);
		put_factor(out, picture->negate ? was / now : now / was);
		putc(')', out);
	}
}

static void put_source(const struct box *box, FILE *out)
{
	const struct frame *frame = box->node ? box->nodes[box->node].frame : NULL;

	if (!frame || !frame->file)
		return;
	putc('\n', out);
	markup_text(out, frame->file);
	if (frame->line)
		fprintf(out, ":%" PRIu32, frame->line);
}

static void put_count(const struct picture *picture, uint64_t value, FILE *out)
{
	char count[MARKUP_COUNT_MAX];

	fprintf(out, "%s ", markup_count(value, count));
	markup_bytes(out, picture->unit, value_unit_length(picture->unit, value));
}

static void put_tooltip(const struct picture *picture, const struct box *box, FILE *out)
{
	const struct profile_before *before = profile_before(picture->profile);
	uint64_t total = box->nodes[box->node].total;
	char count[MARKUP_COUNT_MAX];

	fputs("<title>", out);
	markup_text(out, box->name);
	fputs(" (", out);
	put_count(picture, total, out);
	fprintf(out, ", %.2f%%", markup_percent(total, box->nodes[0].total));
	if (before) {
		fprintf(out, "; %s %s, %.2f%%; ", picture->negate ? "after" : "before",
			markup_count(before[box->node].total, count),
			markup_percent(before[box->node].total, before[0].total));
		put_change(picture, box, true, out);
	}
	putc(')', out);
	put_source(box, out);
	fputs("</title>", out);
}

static void put_text(const struct picture *picture, const struct box *box, const char *text,
		     FILE *out)
{
	fputs(box->pale ? "<text class=\"pale\" x=\"" : "<text x=\"", out);
	markup_pixels(out, box->x + TEXT_MARGIN);
	fputs("\" y=\"", out);
	markup_pixels(out, box->y + (picture->row_height + picture->font_size) / 2 - 2);
	fputs("\">", out);
	markup_text(out, text);
	fputs("</text>", out);
}

/* Letters that fit into the box. */
static size_t room_of(const struct picture *picture, const struct box *box)
{
	double room = (box->width - 2 * TEXT_MARGIN) / picture->char_width;

	return room > 0 ? (size_t)room : 0;
}

static void put_label(const struct picture *picture, const struct box *box, FILE *out)
{
	size_t room = room_of(picture, box), change_cells;
	_cleanup_free_ char *label = frame_label(box->name, room);
	_cleanup_free_ char *short_label = NULL, *both = NULL;
	char change[CHANGE_MAX] = " ";
	FILE *text;

	if (!label)
		return;
	if (!box->node || !profile_before(picture->profile)) {
		put_text(picture, box, label, out);
		return;
	}
	text = fmemopen(change + 1, sizeof(change) - 1, "w");
	if (!text)
		die_oom();
	put_change(picture, box, false, text);
	fclose(text);
	change_cells = utf8_text_cells(change);
	if (room > change_cells + CHANGE_LEAST) {
		short_label = frame_label(box->name, room - change_cells);
		both = xasprintf("%s%s", short_label, change);
	}
	put_text(picture, box, both ? both : label, out);
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
	fprintf(out, "<rect class=\"%s%s%s\" fill=\"#%06" PRIx32 "\"%s%s x=\"", class,
		node->total ? "" : " gone", box->pale ? " pale" : "",
		palette_fill(picture->palette, class),
		node->total ? "" : " fill-opacity=\".3\" stroke=\"#2563eb\"",
		box->pale ? " opacity=\".45\"" : "");
}

/* The rest of a rectangle, up to what is in it. */
static void put_place(const struct picture *picture, const struct box *box, FILE *out)
{
	double width = box->width > GAP_MIN_WIDTH ? box->width - GAP : box->width;

	markup_pixels(out, box->x);
	fputs("\" y=\"", out);
	markup_pixels(out, box->y);
	fputs("\" width=\"", out);
	markup_pixels(out, width < 0.1 ? 0.1 : width);
	fputs("\" height=\"", out);
	markup_pixels(out, picture->row_height - 1);
	fputs("\">", out);
}

static void put_box(const struct picture *picture, const struct box *box, FILE *out)
{
	put_class(picture, box, out);
	put_place(picture, box, out);
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

/* Frames of one row, next to each other and too narrow to be drawn: one hatched box. */
struct sliver {
	uint64_t begin, end; /* as cursor.at */
	uint64_t frames;     /* with those above them */
	uint64_t total;
};

struct drawing {
	const struct picture *picture;
	FILE *out; /* NULL: only to see what there will be */
	uint32_t nr_boxes;
	size_t deepest;
	double top, scale;
	struct cursor cursor;
	struct sliver *slivers; /* one a row, not yet drawn */
	size_t skipped_at;	/* depth of the narrow frame whose callees are walked; 0: none */
};

static void flush_sliver(struct drawing *drawing, size_t depth)
{
	const struct picture *picture = drawing->picture;
	struct sliver *sliver = &drawing->slivers[depth];
	uint64_t whole = profile_total(picture->profile);
	struct box box = {.x = picture->pad + (double)sliver->begin * drawing->scale,
			  .y = row_y(picture, drawing->top, depth),
			  .width = (double)(sliver->end - sliver->begin) * drawing->scale};
	char count[MARKUP_COUNT_MAX];
	_cleanup_free_ char *label = NULL;

	bool is_seen = sliver->frames && box.width >= picture->min_width;

	if (is_seen && depth > drawing->deepest)
		drawing->deepest = depth;
	if (is_seen && drawing->out) {
		markup_count(sliver->frames, count);
		fprintf(drawing->out, "<rect class=\"sliver\" fill=\"url(#%s)\" x=\"",
			picture->hatch);
		put_place(picture, &box, drawing->out);
		fprintf(drawing->out, "<title>%s frame%s too narrow to show (", count,
			sliver->frames == 1 ? "" : "s");
		put_count(picture, sliver->total, drawing->out);
		fprintf(drawing->out, ", %.2f%%)</title></rect>",
			markup_percent(sliver->total, whole));
		label = xasprintf("\xe2\x80\xa6 %s", count);
		if (utf8_text_cells(label) <= room_of(picture, &box))
			put_text(picture, &box, label, drawing->out);
		putc('\n', drawing->out);
	}
	*sliver = (struct sliver){0};
}

static void skip_node(struct drawing *drawing, const struct profile_walk *walk, uint64_t place,
		      uint64_t weight)
{
	struct sliver *sliver;

	if (drawing->skipped_at && walk->depth > drawing->skipped_at) {
		drawing->slivers[drawing->skipped_at].frames++;
		return;
	}
	drawing->skipped_at = walk->depth;
	sliver = &drawing->slivers[walk->depth];
	if (sliver->end != place)
		flush_sliver(drawing, walk->depth);
	if (!sliver->frames)
		sliver->begin = place;
	sliver->end = place + weight;
	sliver->frames++;
	sliver->total += walk->nodes[profile_walk_node(walk)].total;
}

static void draw_node(struct drawing *drawing, const struct profile_walk *walk)
{
	const struct picture *picture = drawing->picture;
	uint32_t node = profile_walk_node(walk);
	uint64_t weight = weight_of(picture, walk->nodes, node);
	uint64_t place = place_node(&drawing->cursor, walk->depth, weight);
	size_t nr_frames;
	const struct frame *frames = profile_frames(picture->profile, &nr_frames);
	struct box box = {.nodes = walk->nodes, .node = node};

	if (walk->depth <= drawing->skipped_at)
		drawing->skipped_at = 0;
	if (weight < picture->least) {
		if (drawing->skipped_at || walk->depth < picture->rows)
			skip_node(drawing, walk, place, weight);
		return;
	}
	drawing->nr_boxes++;
	if (walk->depth > drawing->deepest)
		drawing->deepest = walk->depth;
	if (walk->depth >= picture->rows || !drawing->out)
		return;
	box.name = walk->nodes[node].frame->name;
	box.pale = picture->pale && picture->pale[walk->nodes[node].frame - frames];
	box.x = picture->pad + (double)place * drawing->scale;
	box.y = row_y(picture, drawing->top, walk->depth);
	box.width = (double)weight * drawing->scale;
	put_box(picture, &box, drawing->out);
}

static void put_hatch(const struct picture *picture, FILE *out)
{
	fprintf(out,
		"<pattern id=\"%s\" width=\"4\" height=\"4\" patternUnits=\"userSpaceOnUse\" "
		"patternTransform=\"rotate(45)\"><rect class=\"sliver-line\" fill=\"#c4c4cc\" "
		"width=\"1.6\" height=\"4\"/></pattern>\n",
		picture->hatch);
}

static void draw(struct drawing *drawing)
{
	const struct picture *picture = drawing->picture;
	struct profile_walk walk;
	struct box box = {.name = "all", .x = picture->pad};

	profile_walk_init(&walk, picture->profile);
	drawing->scale = scale_of(picture, walk.nodes);
	drawing->slivers = xcalloc(picture->rows + 1, sizeof(*drawing->slivers));
	box.nodes = walk.nodes;
	box.y = row_y(picture, drawing->top, 0);
	box.width = picture->width - 2 * picture->pad;
	if (drawing->out)
		put_box(picture, &box, drawing->out);
	while (profile_walk_next(&walk))
		draw_node(drawing, &walk);
	for (size_t depth = 1; depth < picture->rows; depth++)
		flush_sliver(drawing, depth);
	profile_walk_release(&walk);
	free(drawing->cursor.at);
	free(drawing->slivers);
}

void picture_measure(struct picture *picture)
{
	uint32_t max_rows = (uint32_t)(picture->max_height / picture->row_height);
	struct drawing drawing = {.picture = picture};

	if (profile_before(picture->profile))
		weigh_both(picture);
	picture->least = least_weight(picture, max_rows);
	picture->rows = max_rows;
	draw(&drawing);
	picture->nr_boxes = drawing.nr_boxes;
	picture->rows = (uint32_t)drawing.deepest + 1;
	picture->hidden = 0;
	if (picture->rows > max_rows) {
		picture->hidden = picture->rows - max_rows;
		picture->rows = max_rows;
	}
}

void picture_write(const struct picture *picture, double top, FILE *out)
{
	struct drawing drawing = {.picture = picture, .top = top, .out = out};

	put_hatch(picture, out);
	draw(&drawing);
}
