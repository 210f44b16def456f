/* SPDX-License-Identifier: MIT */
/*
 * What a page says in words, from the options and the recording's counters: title, summary, and the
 * JSON block that the engine and the "about" panel read.
 */
#ifndef CTRACE_FLAMEGRAPH_PAGE_TEXT_H
#define CTRACE_FLAMEGRAPH_PAGE_TEXT_H

#include <stdint.h>
#include <stdio.h>

struct format_options;
struct profile;

/* How a page is drawn; options with their defaults filled in. */
struct page_style {
	const char *font;
	const char *unit;
	const char *colors;
	double width; /* of the still picture */
	double row_height, font_size, char_width;
};

void page_style_init(struct page_style *style, const struct profile *profile,
		     const struct format_options *options);

/* To be freed. */
char *page_title(const struct profile *profile, const struct format_options *options);
char *page_subtitle(const struct profile *profile, const struct format_options *options);
/* A paragraph for those who cannot see the picture: what was counted, and the hottest functions. */
char *page_description(const struct profile *profile, const struct format_options *options);

/* @scope: the class that the page's style is for; @nr_pruned: frames not in the data block. */
void page_text_meta(const struct profile *profile, const struct format_options *options,
		    const char *scope, uint64_t nr_pruned, FILE *out);

#endif
