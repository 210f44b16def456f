/* SPDX-License-Identifier: MIT */
#include "flamegraph/page.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "flamegraph/engine.h"
#include "flamegraph/format.h"
#include "flamegraph/hash_index.h"
#include "flamegraph/highlight.h"
#include "flamegraph/markup.h"
#include "flamegraph/page_data.h"
#include "flamegraph/page_legend.h"
#include "flamegraph/palette.h"
#include "flamegraph/profile.h"
#include "flamegraph/profile_transform.h"
#include "flamegraph/utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PAD	      10
#define TOP_MARGIN    64
#define BOTTOM_MARGIN 40
#define MIN_WIDTH     0.5
#define MAX_HEIGHT    7800 /* of the frames; with the margins below 8,000 */
#define MAX_DEPTH     400  /* deeper stacks are mostly recursion: drawn collapsed */
#define MAX_DATA      ((size_t)4 << 20)
#define MAX_TRIES     6
#define HEADING_PX    17

static size_t depth_of(const struct profile *profile)
{
	size_t nr, deepest = 0;
	const struct profile_node *nodes = profile_nodes(profile, &nr);
	_cleanup_free_ uint32_t *depth = xcalloc(nr, sizeof(*depth));

	for (size_t i = 1; i < nr; i++) {
		depth[i] = depth[nodes[i].parent] + 1;
		if (depth[i] > deepest)
			deepest = depth[i];
	}
	return deepest;
}

static struct profile *drawn_profile(const struct page *page)
{
	const struct profile *profile = page->functions ? page->functions : page->profile;
	struct profile_transform how = {
		.reverse = page->options->reverse,
		.no_inlined = page->options->no_inline,
		.collapse_recursion = page->options->collapse_recursion,
	};

	if (depth_of(profile) > MAX_DEPTH)
		how.collapse_recursion = true;
	if (!how.reverse && !how.no_inlined && !how.collapse_recursion)
		return NULL;
	return profile_transformed(profile, &how, NULL);
}

/* Frames below this total are not even in the data. */
static uint64_t least_wanted(const struct page *page)
{
	const struct format_options *options = page->options;
	double total = (double)profile_total(page->profile);
	double whole = options->minwidth_percent ? 100 : page->style.width - 2 * PAD;

	if (options->minwidth <= 0)
		return 0;
	return (uint64_t)ceil(total * options->minwidth / whole);
}

/* Prunes until the data fits: its size goes with the number of nodes. */
static void encode(struct page *page, const struct profile *profile)
{
	size_t max = page->options->full	? SIZE_MAX
		     : page->options->max_bytes ? page->options->max_bytes
						: MAX_DATA;
	uint64_t least = least_wanted(page);

	page_tree_init(&page->tree, profile, least);
	page->data = page_data_encode(&page->tree, &page->data_size);
	for (int i = 0; i < MAX_TRIES && page->data_size > max; i++) {
		double keep = 0.9 * (double)page->tree.nr_nodes * (double)max /
			      (double)page->data_size;
		uint64_t more = page_tree_least(profile, (size_t)keep + 1);

		if (more <= least)
			break;
		least = more;
		free(page->data);
		page_tree_release(&page->tree);
		page_tree_init(&page->tree, profile, least);
		page->data = page_data_encode(&page->tree, &page->data_size);
	}
}

static void picture_init(struct page *page)
{
	const struct profile *drawn = page->drawn	? page->drawn
				      : page->functions ? page->functions
							: page->profile;

	if (page->options->highlight)
		page->pale = highlight_others(drawn, page->options->highlight);
	page->picture = (struct picture){
		.profile = drawn,
		.width = page->style.width,
		.pad = PAD,
		.row_height = page->style.row_height,
		.font_size = page->style.font_size,
		.char_width = page->style.char_width,
		.min_width = MIN_WIDTH,
		.max_height = MAX_HEIGHT,
		.inverted = page->options->inverted,
		.negate = page->options->negate,
		.no_normalize = page->options->no_normalize,
		.palette = palette_by_name(page->style.colors),
		.pale = page->pale,
		.unit = page->style.unit,
		.hatch = page->scope,
	};
	if (page->options->minwidth > 0 && !page->options->minwidth_percent)
		page->picture.min_width = page->options->minwidth;
	picture_measure(&page->picture);
	page->height = TOP_MARGIN + page->picture.rows * page->style.row_height + BOTTOM_MARGIN;
}

/* Of everything that style depends on, so that it is the same for the same picture. */
static void name_scope(struct page *page)
{
	const struct page_style *style = &page->style;
	const double sizes[] = {style->width, style->row_height, style->font_size,
				style->char_width};
	uint64_t hash = hash_bytes(0, page->tree.self.data, page->tree.self.nr);

	/* Not of the packed data: another version of the library may pack them otherwise. */
	hash = hash_bytes(hash, page->tree.function.data, page->tree.function.nr);
	hash = hash_text(hash, style->colors);
	hash = hash_text(hash, style->font);
	hash = hash_text(hash, page->options->bgcolors);
	hash = hash_text(hash, page->options->search_color);
	hash = hash_text(hash, page->options->stroke_color);
	hash = hash_text(hash, page->options->ui_color);
	hash = hash_bytes(hash, sizes, sizeof(sizes));
	snprintf(page->scope, sizeof(page->scope), "c%08" PRIx32, (uint32_t)(hash ^ hash >> 32));
}

int page_init(struct page *page, const struct profile *profile,
	      const struct format_options *options)
{
	const struct profile_transform by_function = {.by_function = true};
	const struct profile_before *before = profile_before(profile);

	*page = (struct page){.profile = profile, .options = options};
	if (!profile_total(profile) && !(before && before[0].total))
		return -ENODATA;
	page_style_init(&page->style, profile, options);
	if (!palette_by_name(page->style.colors) ||
	    (options->highlight && !highlight_is_valid(options->highlight)))
		return -EINVAL;
	if (profile_has_lines(profile))
		page->functions = profile_transformed(profile, &by_function, NULL);
	page->drawn = drawn_profile(page);
	encode(page, page->functions ? page->functions : profile);
	name_scope(page);
	picture_init(page);
	return 0;
}

void page_release(struct page *page)
{
	picture_release(&page->picture);
	page_tree_release(&page->tree);
	profile_free(page->functions);
	profile_free(page->drawn);
	free(page->data);
	free(page->pale);
}

/* Options are checked before they get here; nothing but a colour may get into a style sheet. */
static bool is_colour(const char *text)
{
	return text && text[0] == '#' && strspn(text + 1, "0123456789abcdefABCDEF") == 6 &&
	       strlen(text) == 7;
}

static void put_colour(const struct page *page, FILE *out, const char *rule, const char *property,
		       const char *colour)
{
	if (is_colour(colour))
		fprintf(out, ".%s %s{%s:%s!important}\n", page->scope, rule, property, colour);
}

/* In the engine's style sheets "&" is the element that has the page's scope. */
static void put_scoped(const struct page *page, const char *css, FILE *out)
{
	for (; *css; css++) {
		if (*css == '&')
			fprintf(out, ".%s", page->scope);
		else
			putc(*css, out);
	}
}

static void put_font(const struct page *page, FILE *out)
{
	for (const char *c = page->style.font; *c; c++) {
		if (!strchr("{}<>&;\\\"", *c))
			putc(*c, out);
	}
}

static void put_style(const struct page *page, FILE *out)
{
	const struct format_options *options = page->options;

	put_scoped(page, "& .ctrace,&.ctrace{font:", out);
	markup_pixels(out, page->style.font_size);
	fputs("px ", out);
	put_font(page, out);
	fprintf(out, "}\n.%s .sliver{fill:url(#%s)}\n", page->scope, page->scope);
	palette_write_css(page->picture.palette, profile_before(page->profile) != NULL, page->scope,
			  out);
	put_scoped(page, engine_css(), out);
	if (options->bgcolors)
		put_colour(page, out, ".back", "fill", palette_background(options->bgcolors));
	put_colour(page, out, ".hit", "fill", options->search_color);
	put_colour(page, out, ".hover", "stroke", options->stroke_color);
	put_colour(page, out, ".tools button", "color", options->ui_color);
}

/* A line of text, cut where the picture ends.  @size: of its letters, in pixels. */
static void put_text(const struct page *page, const char *look, double size, double y,
		     const char *text, FILE *out)
{
	const struct page_style *style = &page->style;
	double letter = style->char_width * size / style->font_size;
	size_t room = (size_t)((style->width - 2 * PAD) / letter);
	bool fits = utf8_text_cells(text) <= room;

	fprintf(out, "<text %s x=\"%d\" y=\"", look, PAD);
	markup_pixels(out, y);
	fputs("\">", out);
	markup_bytes(out, text, fits || !room ? strlen(text) : utf8_fit(text, room - 1));
	fputs(fits ? "</text>\n" : "\xe2\x80\xa6</text>\n", out);
}

static void put_notes(const struct page *page, FILE *out)
{
	char count[MARKUP_COUNT_MAX];
	_cleanup_free_ char *text = NULL;

	if (!page->picture.hidden)
		return;
	text = xasprintf("+%s row%s deeper than this picture",
			 markup_count(page->picture.hidden, count),
			 page->picture.hidden == 1 ? "" : "s");
	put_text(page, MARKUP_MUTED, page->style.font_size, TOP_MARGIN - 3, text, out);
}

static void put_pixels(FILE *out, const char *before, double pixels)
{
	fputs(before, out);
	markup_pixels(out, pixels);
}

const char *page_theme(const struct page *page)
{
	const char *theme = page->options->theme;

	return !theme || !strcmp(theme, "auto") ? "" : strcmp(theme, "dark") ? "light" : "dark";
}

/* Everything a viewer needs that takes neither style nor script is in attributes. */
static void put_svg_tag(const struct page *page, const char *classes, FILE *out)
{
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"ctrace\" class=\"%s\" "
		"role=\"img\" font-family=\"",
		classes);
	put_font(page, out);
	put_pixels(out, "\" font-size=\"", page->style.font_size);
	put_pixels(out, "\" width=\"", page->style.width);
	put_pixels(out, "\" height=\"", page->height);
	put_pixels(out, "\" viewBox=\"0 0 ", page->style.width);
	put_pixels(out, " ", page->height);
	fputs("\" preserveAspectRatio=\"xMinYMin\">\n", out);
}

void page_write_svg(const struct page *page, const char *classes, FILE *out)
{
	const struct format_options *options = page->options;
	_cleanup_free_ char *title = page_title(page->profile, options);
	_cleanup_free_ char *subtitle = page_subtitle(page->profile, options);
	_cleanup_free_ char *description = page_description(page->profile, options);
	const char *back = options->bgcolors ? palette_background(options->bgcolors) : NULL;

	put_svg_tag(page, classes, out);
	fputs("<title>", out);
	markup_text(out, title);
	fputs("</title>\n<desc>", out);
	markup_text(out, description);
	fputs("</desc>\n<style>\n", out);
	put_style(page, out);
	fprintf(out,
		"</style>\n<rect class=\"back\" fill=\"%s\" width=\"100%%\" height=\"100%%\"/>\n"
		"<g id=\"ctrace-still\">\n",
		is_colour(back) ? back : "#fff");
	put_text(page, "class=\"heading\" font-size=\"17\" font-weight=\"600\"", HEADING_PX, 27,
		 title, out);
	put_text(page, MARKUP_MUTED, page->style.font_size, 47, subtitle, out);
	put_notes(page, out);
	picture_write(&page->picture, TOP_MARGIN, out);
	page_legend_write(&page->picture, PAD, page->height - 24, out);
	fputs("</g>\n", out);
}

void page_write_meta(const struct page *page, FILE *out)
{
	page_text_meta(page->profile, page->options, page->scope, page->tree.nr_pruned, out);
}

void page_write_data(const struct page *page, FILE *out)
{
	fwrite(page->data, 1, page->data_size, out);
}
