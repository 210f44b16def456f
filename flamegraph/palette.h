/* SPDX-License-Identifier: MIT */
/*
 * Colours as style classes: a frame's kind chooses the hue, a hash of its name the shade, so that a
 * function looks the same in every picture.  engine/colour.js gives the same classes.
 */
#ifndef CTRACE_FLAMEGRAPH_PALETTE_H
#define CTRACE_FLAMEGRAPH_PALETTE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct frame;
struct palette;

#define PALETTE_CLASS_MAX 8

/* What the legend tells apart. */
enum palette_hue {
	HUE_NATIVE,
	HUE_SCOPED, /* C++ and Rust: "::" in the name */
	HUE_KERNEL,
	HUE_INLINED,
	HUE_JIT,
	HUE_MODULE,
	HUE_UNKNOWN,
	HUE_MARK,
	NR_HUES
};

/* NULL is the default.  Every name of flamegraph.pl and inferno is known; NULL for others. */
const struct palette *palette_by_name(const char *name);
/* All names, for messages. */
const char *palette_names(void);
/* The colour of one of flamegraph.pl's backgrounds; any other @name is returned as it is. */
const char *palette_background(const char *name);

enum palette_hue palette_hue(const struct frame *frame);

/* The class of @frame, whose share of everything is @total / @whole. */
const char *palette_class(const struct palette *palette, const struct frame *frame, uint64_t total,
			  uint64_t whole, char *text);
/* What a legend calls frames like @frame, its module or its hue, and the class that stands for
 * them. */
const char *palette_group(const struct palette *palette, const struct frame *frame,
			  char *ret_class);
bool palette_is_by_module(const struct palette *palette);
bool palette_is_by_cost(const struct palette *palette);
/* The class of a step from little to much of all; NULL beyond the last. */
const char *palette_cost_class(unsigned int step, char *text);

/*
 * The class of a change by @delta (of inclusive values, against the largest change @most): blue for
 * less, red for more.
 */
const char *palette_delta_class(double delta, double most, char *text);
/* The class of a step from -4, much less, to 4, much more; NULL beyond. */
const char *palette_delta_step(int step, char *text);

/* What the class is in the light, 0xrrggbb: for viewers that take no style. */
uint32_t palette_fill(const struct palette *palette, const char *class);

/* The rules of all classes below an element of class @scope, with variables for the dark. */
void palette_write_css(const struct palette *palette, bool with_delta, const char *scope,
		       FILE *out);

#endif
