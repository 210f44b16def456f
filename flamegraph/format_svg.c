/* SPDX-License-Identifier: MIT */
/*
 * An SVG that is a picture everywhere and an application where scripts run: still picture, data
 * block and engine in one file that needs nothing else and is the same, byte by byte, for the same
 * profile.
 */
#include "common/cleanup.h"
#include "flamegraph/engine.h"
#include "flamegraph/format.h"
#include "flamegraph/format_writers.h"
#include "flamegraph/markup.h"
#include "flamegraph/page_data.h"
#include "flamegraph/page_text.h"
#include "flamegraph/page_tree.h"
#include "flamegraph/palette.h"
#include "flamegraph/picture.h"
#include "flamegraph/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PAD	      10
#define TOP_MARGIN    64
#define BOTTOM_MARGIN 40
#define MIN_WIDTH     0.5
#define MAX_HEIGHT    7800 /* of the frames; with the margins below 8,000 */
#define MAX_NODES     2500000

struct svg {
	const struct profile *profile;
	const struct format_options *options;
	struct page_style style;
	const struct palette *palette;
	struct picture picture;
	double height;
	FILE *out;
};

static void put_text(const struct svg *svg, const char *class, double x, double y, const char *text)
{
	fprintf(svg->out, "<text class=\"%s\" x=\"", class);
	markup_pixels(svg->out, x);
	fputs("\" y=\"", svg->out);
	markup_pixels(svg->out, y);
	fputs("\">", svg->out);
	markup_text(svg->out, text);
	fputs("</text>\n", svg->out);
}

static void put_head(const struct svg *svg)
{
	_cleanup_free_ char *title = page_title(svg->profile, svg->options);
	_cleanup_free_ char *description = page_description(svg->profile, svg->options);
	FILE *out = svg->out;

	fputs("<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"ctrace\" role=\"img\" "
	      "aria-labelledby=\"ctrace-title ctrace-desc\" width=\"",
	      out);
	markup_pixels(out, svg->style.width);
	fputs("\" height=\"", out);
	markup_pixels(out, svg->height);
	fputs("\" viewBox=\"0 0 ", out);
	markup_pixels(out, svg->style.width);
	putc(' ', out);
	markup_pixels(out, svg->height);
	fputs("\">\n<title id=\"ctrace-title\">", out);
	markup_text(out, title);
	fputs("</title>\n<desc id=\"ctrace-desc\">", out);
	markup_text(out, description);
	fputs("</desc>\n", out);
}

static void put_style(const struct svg *svg)
{
	fputs("<style>\n#ctrace{font:", svg->out);
	markup_pixels(svg->out, svg->style.font_size);
	fputs("px ", svg->out);
	markup_text(svg->out, svg->style.font);
	fputs("}\n", svg->out);
	palette_write_css(svg->palette, svg->out);
	fputs(engine_css(), svg->out);
	fputs("</style>\n", svg->out);
}

/* The kinds that occur, in the order of the list. */
static void put_legend(const struct svg *svg)
{
	size_t nr;
	const struct frame *frames = profile_frames(svg->profile, &nr);
	double x = PAD, y = svg->height - 24;
	unsigned int seen = 0;
	char class[PALETTE_CLASS_MAX];

	for (size_t i = 0; i < nr; i++)
		seen |= 1u << palette_hue(&frames[i]);
	for (unsigned int hue = 0; hue < NR_HUES; hue++) {
		if (!(seen & 1u << hue))
			continue;
		fprintf(svg->out, "<rect class=\"%s\" x=\"", palette_hue_class(hue, class));
		markup_pixels(svg->out, x);
		fputs("\" y=\"", svg->out);
		markup_pixels(svg->out, y);
		fputs("\" width=\"12\" height=\"12\"/>", svg->out);
		put_text(svg, "muted", x + 17, y + 10.5, palette_hue_text(hue));
		x += 17 + 16 + strlen(palette_hue_text(hue)) * svg->style.char_width;
	}
}

static void put_still(const struct svg *svg)
{
	_cleanup_free_ char *title = page_title(svg->profile, svg->options);
	_cleanup_free_ char *subtitle = page_subtitle(svg->profile, svg->options);

	fputs("<rect id=\"ctrace-back\" width=\"100%\" height=\"100%\"/>\n<g "
	      "id=\"ctrace-still\">\n",
	      svg->out);
	put_text(svg, "heading", PAD, 27, title);
	put_text(svg, "muted", PAD, 47, subtitle);
	picture_write(&svg->picture, svg->profile, TOP_MARGIN, svg->out);
	put_legend(svg);
	fputs("</g>\n", svg->out);
}

static void put_data(const struct svg *svg)
{
	struct page_tree tree;
	_cleanup_free_ char *data = NULL;
	size_t size;

	page_tree_init(&tree, svg->profile, page_tree_least(svg->profile, MAX_NODES));
	data = page_data_encode(&tree, &size);
	fputs("<metadata id=\"ctrace-meta\">", svg->out);
	page_write_meta(svg->profile, svg->options, tree.nr_pruned, svg->out);
	fputs("</metadata>\n<script type=\"application/x-ctrace\" id=\"ctrace-data\">", svg->out);
	fwrite(data, 1, size, svg->out);
	fputs("</script>\n", svg->out);
	page_tree_release(&tree);
}

static void svg_init(struct svg *svg)
{
	struct picture *picture = &svg->picture;

	page_style_init(&svg->style, svg->profile, svg->options);
	*picture = (struct picture){
		.width = svg->style.width,
		.pad = PAD,
		.row_height = svg->style.row_height,
		.font_size = svg->style.font_size,
		.char_width = svg->style.char_width,
		.min_width = MIN_WIDTH,
		.max_height = MAX_HEIGHT,
		.inverted = svg->options->inverted,
		.palette = svg->palette,
		.unit = svg->style.unit,
	};
	picture_measure(picture, svg->profile);
	svg->height = TOP_MARGIN + picture->rows * picture->row_height + BOTTOM_MARGIN;
}

static int write_svg(const struct profile *profile, const struct format_options *options, FILE *out)
{
	struct svg svg = {.profile = profile, .options = options, .out = out};

	if (!profile_total(profile))
		return -ENODATA;
	svg.palette = palette_by_name(options->colors);
	if (!svg.palette)
		return -EINVAL;
	svg_init(&svg);
	put_head(&svg);
	put_style(&svg);
	put_still(&svg);
	put_data(&svg);
	fprintf(out, "<script><![CDATA[\n%s]]></script>\n</svg>\n", engine_script());
	return ferror(out) ? -EIO : 0;
}

const struct format format_svg = {
	.name = "svg",
	.suffix = ".svg",
	.what = "flame graph: a picture everywhere, an application in a browser",
	.write = write_svg,
};
