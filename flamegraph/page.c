/* SPDX-License-Identifier: MIT */
#include "flamegraph/page.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "flamegraph/engine.h"
#include "flamegraph/format.h"
#include "flamegraph/highlight.h"
#include "flamegraph/markup.h"
#include "flamegraph/page_data.h"
#include "flamegraph/page_legend.h"
#include "flamegraph/palette.h"
#include "flamegraph/profile.h"
#include "flamegraph/profile_transform.h"

#include <errno.h>
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
	};
	if (page->options->minwidth > 0 && !page->options->minwidth_percent)
		page->picture.min_width = page->options->minwidth;
	picture_measure(&page->picture);
	page->height = TOP_MARGIN + page->picture.rows * page->style.row_height + BOTTOM_MARGIN;
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

/* flamegraph.pl's backgrounds; a colour of one's own is taken as it is. */
static const char *background(const char *name)
{
	static const struct {
		const char *name, *colour;
	} backgrounds[] = {
		{"yellow", "#f6f3dc"},
		{"blue", "#e6ebfa"},
		{"green", "#e4f4e4"},
		{"grey", "#f2f2f2"},
	};

	for (size_t i = 0; i < sizeof(backgrounds) / sizeof(backgrounds[0]); i++) {
		if (!strcmp(backgrounds[i].name, name))
			return backgrounds[i].colour;
	}
	return name;
}

/* Options are checked before they get here; nothing but a colour may get into a style sheet. */
static bool is_colour(const char *text)
{
	return text && text[0] == '#' && strspn(text + 1, "0123456789abcdefABCDEF") == 6 &&
	       strlen(text) == 7;
}

static void put_colour(FILE *out, const char *rule, const char *property, const char *colour)
{
	if (is_colour(colour))
		fprintf(out, "%s{%s:%s!important}\n", rule, property, colour);
}

void page_write_style(const struct page *page, FILE *out)
{
	const struct format_options *options = page->options;

	fputs("#ctrace{font:", out);
	markup_pixels(out, page->style.font_size);
	fputs("px ", out);
	for (const char *c = page->style.font; *c; c++) {
		if (!strchr("{}<>&;\\", *c))
			putc(*c, out);
	}
	fputs("}\n", out);
	palette_write_css(page->picture.palette, profile_before(page->profile) != NULL, out);
	fputs(engine_css(), out);
	if (options->bgcolors)
		put_colour(out, "#ctrace-back", "fill", background(options->bgcolors));
	put_colour(out, ".hit", "fill", options->search_color);
	put_colour(out, ".hover", "stroke", options->stroke_color);
	put_colour(out, ".tools button", "color", options->ui_color);
}

static void put_text(FILE *out, const char *class, double x, double y, const char *text)
{
	fprintf(out, "<text class=\"%s\" x=\"", class);
	markup_pixels(out, x);
	fputs("\" y=\"", out);
	markup_pixels(out, y);
	fputs("\">", out);
	markup_text(out, text);
	fputs("</text>\n", out);
}

static void put_notes(const struct page *page, FILE *out)
{
	char count[MARKUP_COUNT_MAX];
	_cleanup_free_ char *text = NULL;

	if (!page->picture.hidden)
		return;
	text = xasprintf("+%s rows deeper than this picture",
			 markup_count(page->picture.hidden, count));
	put_text(out, "muted", PAD, TOP_MARGIN - 3, text);
}

static void put_pixels(FILE *out, const char *before, double pixels)
{
	fputs(before, out);
	markup_pixels(out, pixels);
}

void page_write_svg(const struct page *page, FILE *out)
{
	const struct format_options *options = page->options;
	_cleanup_free_ char *title = page_title(page->profile, options);
	_cleanup_free_ char *subtitle = page_subtitle(page->profile, options);
	_cleanup_free_ char *description = page_description(page->profile, options);

	fputs("<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"ctrace\" role=\"img\" "
	      "aria-labelledby=\"ctrace-title ctrace-desc\"",
	      out);
	if (options->theme && strcmp(options->theme, "auto") != 0)
		fprintf(out, " class=\"%s\"", strcmp(options->theme, "dark") ? "light" : "dark");
	put_pixels(out, " width=\"", page->style.width);
	put_pixels(out, "\" height=\"", page->height);
	put_pixels(out, "\" viewBox=\"0 0 ", page->style.width);
	put_pixels(out, " ", page->height);
	fputs("\">\n<title id=\"ctrace-title\">", out);
	markup_text(out, title);
	fputs("</title>\n<desc id=\"ctrace-desc\">", out);
	markup_text(out, description);
	fputs("</desc>\n<style>\n", out);
	page_write_style(page, out);
	fputs("</style>\n<rect id=\"ctrace-back\" width=\"100%\" height=\"100%\"/>\n"
	      "<g id=\"ctrace-still\">\n",
	      out);
	put_text(out, "heading", PAD, 27, title);
	put_text(out, "muted", PAD, 47, subtitle);
	put_notes(page, out);
	picture_write(&page->picture, TOP_MARGIN, out);
	page_legend_write(&page->picture, PAD, page->height - 24, out);
	fputs("</g>\n", out);
}

void page_write_meta(const struct page *page, FILE *out)
{
	page_text_meta(page->profile, page->options, page->tree.nr_pruned, out);
}

void page_write_data(const struct page *page, FILE *out)
{
	fwrite(page->data, 1, page->data_size, out);
}
