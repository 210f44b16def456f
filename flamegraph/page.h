/* SPDX-License-Identifier: MIT */
/*
 * What the SVG and the HTML page have in common: the picture and its surroundings, the data block,
 * the script.  A page is made once from a profile and its options, then written piece by piece.
 */
#ifndef CTRACE_FLAMEGRAPH_PAGE_H
#define CTRACE_FLAMEGRAPH_PAGE_H

#include "flamegraph/page_text.h"
#include "flamegraph/page_tree.h"
#include "flamegraph/picture.h"

#include <stdio.h>

#define PAGE_SCOPE_MAX 16

struct page {
	const struct profile *profile; /* as given: borrowed */
	const struct format_options *options;
	struct profile *functions; /* one node a function and place, what the data block holds */
	struct profile *drawn;	   /* what the still picture shows: perhaps reversed or collapsed */
	struct page_style style;
	struct picture picture;
	struct page_tree tree;
	char *data; /* base64 */
	size_t data_size;
	bool *pale;    /* frames of the picture that are not highlighted */
	double height; /* of the still picture with its margins */
	/* The class that the page's style is for: pictures in one document keep theirs apart. */
	char scope[PAGE_SCOPE_MAX];
};

/* -ENODATA: nothing was counted; -EINVAL: unknown palette, bad regular expression. */
int page_init(struct page *page, const struct profile *profile,
	      const struct format_options *options);
void page_release(struct page *page);

/*
 * An svg element without its end tag: open, still picture.  @classes: of that element; its own or
 * one around it has to have page->scope.
 */
void page_write_svg(const struct page *page, const char *classes, FILE *out);
/* "auto" is "", that is what the viewer wants. */
const char *page_theme(const struct page *page);
/* JSON and base64, without their elements. */
void page_write_meta(const struct page *page, FILE *out);
void page_write_data(const struct page *page, FILE *out);

#endif
