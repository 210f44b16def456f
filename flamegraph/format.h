/* SPDX-License-Identifier: MIT */
/*
 * The one table of output formats: name, suffix, writer.  --help, -f, suffix choice and the tests
 * read it.  Every writer takes a finished profile and a stream; none opens files.
 */
#ifndef CTRACE_FLAMEGRAPH_FORMAT_H
#define CTRACE_FLAMEGRAPH_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct profile;

/* flamegraph.pl's option names and meanings; zero means default. */
struct format_options {
	const char *title, *subtitle, *notes;
	const char *colors;
	const char *countname, *nametype;
	const char *fonttype;
	double fontsize, fontwidth;
	double width;	 /* pixels; 0 = fluid */
	double height;	 /* of a frame */
	double minwidth; /* pixels, or percent when minwidth_percent */
	bool minwidth_percent;
	bool inverted, reverse, hash, negate, flamechart;
	bool no_metadata;
	bool collapse_recursion, no_inline;
	bool paged;		  /* text on its way to a terminal, by way of a pager */
	bool no_normalize;	  /* a comparison of counts as they are, not of shares */
	const char *theme;	  /* "auto", "light", "dark" */
	const char *bgcolors;	  /* flamegraph.pl's names or #rrggbb */
	const char *highlight;	  /* frames that this finds keep their colours, others are pale */
	const char *search_color; /* #rrggbb */
	const char *stroke_color;
	const char *ui_color;
	bool full;	    /* whatever the size */
	uint64_t max_bytes; /* of a page's data; 0 = 4 MiB, beyond it light frames are pruned */
};

struct format {
	const char *name;   /* -f NAME */
	const char *suffix; /* ".svg"; NULL: by name only */
	const char *what;   /* for --help */
	bool compares;	    /* shows what profile_before() holds too */
	/* 0, -EIO when the stream fails, -EOPNOTSUPP, -ENODATA for an empty profile. */
	int (*write)(const struct profile *profile, const struct format_options *options,
		     FILE *out);
};

/* All formats, NULL-terminated. */
const struct format *const *format_table(void);
const struct format *format_by_name(const char *name);
/* The format whose suffix ends @path (the longest that fits, in any case), or NULL. */
const struct format *format_by_suffix(const char *path);

#endif
