/* SPDX-License-Identifier: MIT */
/*
 * The still picture in a page: what is seen before a script runs, or when none may.  Frames wide
 * enough to be seen, with labels and native tooltips, as SVG elements.
 */
#ifndef CTRACE_FLAMEGRAPH_PICTURE_H
#define CTRACE_FLAMEGRAPH_PICTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct palette;
struct profile;

struct picture {
	/* Set by the caller, in pixels. */
	const struct profile *profile; /* borrowed */
	double width, pad;
	double row_height, font_size, char_width;
	double min_width; /* frames narrower than this are not drawn */
	double max_height;
	bool inverted, negate, no_normalize;
	const struct palette *palette;
	const bool *pale; /* by frame of the profile; NULL: none is */
	const char *unit;
	const char *hatch; /* id of the pattern for frames too narrow to be seen */

	/* Filled by picture_measure(). */
	uint64_t *weights; /* of nodes, when they are not their totals */
	double most_delta;
	uint64_t least;	 /* total of the lightest frame drawn */
	uint32_t rows;	 /* with the root's */
	uint32_t hidden; /* rows too deep to be drawn */
	uint32_t nr_boxes;
};

/* How much there will be to draw. */
void picture_measure(struct picture *picture);
void picture_release(struct picture *picture);
/* Draws from the top edge @top down, picture->rows high. */
void picture_write(const struct picture *picture, double top, FILE *out);

#endif
