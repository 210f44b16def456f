/* SPDX-License-Identifier: MIT */
#include "flamegraph/page_legend.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "flamegraph/markup.h"
#include "flamegraph/palette.h"
#include "flamegraph/picture.h"
#include "flamegraph/profile.h"
#include "flamegraph/utf8.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAX_GROUPS 64 /* more modules than fit on a line */
#define SWATCH	   12
#define SWATCH_GAP 5
#define GROUP_GAP  16

static void put_text(double x, double y, const char *text, FILE *out)
{
	fputs("<text " MARKUP_MUTED " x=\"", out);
	markup_pixels(out, x);
	fputs("\" y=\"", out);
	markup_pixels(out, y + 10.5);
	fputs("\">", out);
	markup_text(out, text);
	fputs("</text>\n", out);
}

static void put_swatch(const struct picture *picture, const char *class, double x, double y,
		       FILE *out)
{
	fprintf(out, "<rect class=\"%s\" fill=\"#%06" PRIx32 "\" x=\"", class,
		palette_fill(picture->palette, class));
	markup_pixels(out, x);
	fputs("\" y=\"", out);
	markup_pixels(out, y);
	fprintf(out, "\" width=\"%d\" height=\"%d\"/>", SWATCH, SWATCH);
}

static double text_width(const struct picture *picture, const char *text)
{
	return (double)utf8_text_cells(text) * picture->char_width;
}

static double put_least(const struct picture *picture, double x, double y, const char *text,
			FILE *out)
{
	put_text(x, y, text, out);
	return x + text_width(picture, text) + 8;
}

static void put_changes(const struct picture *picture, double x, double y, FILE *out)
{
	char class[PALETTE_CLASS_MAX];

	x = put_least(picture, x, y, "less than before", out);
	for (int i = -4; i <= 4; i++, x += SWATCH + 2)
		put_swatch(picture, palette_delta_step(picture->negate ? -i : i, class), x, y, out);
	put_text(x + 8, y, "more", out);
}

static void put_costs(const struct picture *picture, double x, double y, FILE *out)
{
	char class[PALETTE_CLASS_MAX];

	x = put_least(picture, x, y, "little of all", out);
	for (unsigned int i = 0; palette_cost_class(i, class); i++, x += SWATCH + 2)
		put_swatch(picture, class, x, y, out);
	put_text(x + 8, y, "half and more", out);
}

/* What the legend tells apart: kinds, or modules where those have the colours. */
struct group {
	const char *name;
	unsigned int place; /* of kinds in their order */
	uint64_t self;
	char class[PALETTE_CLASS_MAX];
};

static struct group *find_group(struct group *groups, size_t *nr, const char *name)
{
	for (size_t i = 0; i < *nr; i++) {
		if (!strcmp(groups[i].name, name))
			return &groups[i];
	}
	if (*nr == MAX_GROUPS)
		return NULL;
	groups[*nr].name = name;
	return &groups[(*nr)++];
}

static int compare_places(const void *a, const void *b)
{
	const struct group *left = a;
	const struct group *right = b;

	return (left->place > right->place) - (left->place < right->place);
}

static int compare_weights(const void *a, const void *b)
{
	const struct group *left = a;
	const struct group *right = b;

	if (left->self != right->self)
		return left->self < right->self ? 1 : -1;
	return strcmp(left->name, right->name);
}

static size_t collect_groups(const struct picture *picture, struct group *groups)
{
	size_t nr_frames, nr_nodes, nr = 0;
	const struct frame *frames = profile_frames(picture->profile, &nr_frames);
	const struct profile_node *nodes = profile_nodes(picture->profile, &nr_nodes);
	_cleanup_free_ struct group **of = xcalloc(nr_frames + 1, sizeof(struct group *));

	for (size_t i = 0; i < nr_frames; i++) {
		char class[PALETTE_CLASS_MAX];
		const char *name = palette_group(picture->palette, &frames[i], class);

		of[i] = find_group(groups, &nr, name);
		if (!of[i])
			continue;
		memcpy(of[i]->class, class, sizeof(class));
		of[i]->place = palette_hue(&frames[i]);
	}
	for (size_t i = 1; i < nr_nodes; i++) {
		if (of[nodes[i].frame - frames])
			of[nodes[i].frame - frames]->self += nodes[i].self;
	}
	return nr;
}

static void put_groups(const struct picture *picture, double x, double y, FILE *out)
{
	_cleanup_free_ struct group *groups = xcalloc(MAX_GROUPS, sizeof(*groups));
	size_t nr = collect_groups(picture, groups);

	if (nr)
		qsort(groups, nr, sizeof(*groups),
		      palette_is_by_module(picture->palette) ? compare_weights : compare_places);
	for (size_t i = 0; i < nr; i++) {
		double width = SWATCH + SWATCH_GAP + text_width(picture, groups[i].name);

		if (x + width > picture->width)
			break;
		put_swatch(picture, groups[i].class, x, y, out);
		put_text(x + SWATCH + SWATCH_GAP, y, groups[i].name, out);
		x += width + GROUP_GAP;
	}
}

void page_legend_write(const struct picture *picture, double x, double y, FILE *out)
{
	if (profile_before(picture->profile))
		put_changes(picture, x, y, out);
	else if (palette_is_by_cost(picture->palette))
		put_costs(picture, x, y, out);
	else
		put_groups(picture, x, y, out);
}
