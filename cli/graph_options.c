/* SPDX-License-Identifier: MIT */
#include "cli/graph_options.h"

#include "common/number.h"
#include "flamegraph/format.h"
#include "flamegraph/highlight.h"
#include "flamegraph/palette.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_KEY 0x1000 /* no letters: these options have long names only */

enum value_kind {
	VALUE_TEXT,
	VALUE_NUMBER,
	VALUE_SWITCH,
	VALUE_MINWIDTH,
	VALUE_BYTES,
	VALUE_PALETTE,
	VALUE_COLOUR,
	VALUE_BACKGROUND,
	VALUE_THEME,
	VALUE_REGEX,
};

struct value {
	enum value_kind kind;
	size_t offset; /* in struct format_options */
	double min, max;
};

#define FIELD(name) offsetof(struct format_options, name)

/* One line an option: X(name, kind, field, argument, min, max, help). */
#define GRAPH_OPTIONS(X)                                                                          \
	X("title", TEXT, title, "TEXT", 0, 0, "Title (default: the probes)")                      \
	X("subtitle", TEXT, subtitle, "TEXT", 0, 0, "Second line of the title")                   \
	X("notes", TEXT, notes, "TEXT", 0, 0, "Comment inside the file")                          \
	X("colors", PALETTE, colors, "PALETTE", 0, 0, "Palette (default: kind)")                  \
	X("highlight", REGEX, highlight, "REGEX", 0, 0,                                           \
	  "Dim everything except functions and modules matching this")                            \
	X("countname", TEXT, countname, "TEXT", 0, 0, "Unit of the counts")                       \
	X("nametype", TEXT, nametype, "TEXT", 0, 0, "What a box is called")                       \
	X("fonttype", TEXT, fonttype, "FONT", 0, 0, "Font family")                                \
	X("fontsize", NUMBER, fontsize, "PX", 1, 100, "Font size (default: 12)")                  \
	X("fontwidth", NUMBER, fontwidth, "RATIO", 0.1, 2, "Mean letter width over font size")    \
	X("width", NUMBER, width, "PX", 100, 100000, "Width (default: that of the window)")       \
	X("height", NUMBER, height, "PX", 4, 200, "Height of a box (default: 16)")                \
	X("minwidth", MINWIDTH, minwidth, "PX|PERCENT%", 0, 10000, "Leave narrower boxes out")    \
	X("inverted", SWITCH, inverted, NULL, 0, 0, "Root on top (icicle)")                       \
	X("reverse", SWITCH, reverse, NULL, 0, 0, "Merge stacks from the leaf")                   \
	X("hash", SWITCH, hash, NULL, 0, 0, "Accepted: colours always go by name")                \
	X("negate", SWITCH, negate, NULL, 0, 0, "Swap the colours of a comparison")               \
	X("collapse-recursion", SWITCH, collapse_recursion, NULL, 0, 0,                           \
	  "Draw recursion as one box")                                                            \
	X("theme", THEME, theme, "auto|light|dark", 0, 0, "Page colours (default: auto)")         \
	X("bgcolors", BACKGROUND, bgcolors, "NAME|#RRGGBB", 0, 0, "Background")                   \
	X("search-color", COLOUR, search_color, "#RRGGBB", 0, 0, "Fill of what a search finds")   \
	X("stroke-color", COLOUR, stroke_color, "#RRGGBB", 0, 0, "Outline of the box pointed at") \
	X("uicolor", COLOUR, ui_color, "#RRGGBB", 0, 0, "Buttons")                                \
	X("max-size", BYTES, max_bytes, "SIZE", 0, 0,                                             \
	  "Data in a page, light frames go (default: 4M)")                                        \
	X("full", SWITCH, full, NULL, 0, 0, "Every frame, however large the page")                \
	X("no-metadata", SWITCH, no_metadata, NULL, 0, 0, "Leave host and command line out")

enum {
	KEY_BEFORE_FIRST = FIRST_KEY - 1,
#define X(name, kind, field, argument, min, max, help) KEY_##field,
	GRAPH_OPTIONS(X)
#undef X
};

static const struct argp_option options[] = {
	{.doc = "Picture (names and meaning as flamegraph.pl's):"},
#define X(option, kind, field, argument, min, max, help) \
	{.name = (option), .key = KEY_##field, .arg = (argument), .doc = (help)},
	GRAPH_OPTIONS(X)
#undef X
		{0}};

static const struct value values[] = {
#define X(name, kind, field, argument, min, max, help) {VALUE_##kind, FIELD(field), (min), (max)},
	GRAPH_OPTIONS(X)
#undef X
};

static double parse_number(const struct argp_option *option, const struct value *value,
			   const char *text, struct argp_state *state)
{
	char *end;
	double number = strtod(text, &end);

	if (end == text || *end || !isfinite(number))
		argp_error(state, "--%s '%s': not a number", option->name, text);
	else if (number < value->min || number > value->max)
		argp_error(state, "--%s %s: must be from %g to %g", option->name, text, value->min,
			   value->max);
	return number;
}

static void parse_minwidth(const struct argp_option *option, const struct value *value,
			   const char *text, struct argp_state *state)
{
	struct value range = *value;
	struct format_options *graph = state->input;
	size_t len = strlen(text);
	char number[32];

	graph->minwidth_percent = len && text[len - 1] == '%';
	if (graph->minwidth_percent) {
		range.max = 100;
		len--;
	}
	if (len >= sizeof(number))
		argp_error(state, "--%s '%s': not a number", option->name, text);
	memcpy(number, text, len);
	number[len] = '\0';
	graph->minwidth = parse_number(option, &range, number, state);
}

static bool is_colour(const char *text)
{
	return text[0] == '#' && strlen(text) == 7 &&
	       strspn(text + 1, "0123456789abcdefABCDEF") == 6;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	const struct argp_option *option;
	const struct value *value;
	char *field;

	if (key < FIRST_KEY || (size_t)(key - FIRST_KEY) >= sizeof(values) / sizeof(values[0]))
		return ARGP_ERR_UNKNOWN;
	value = &values[key - FIRST_KEY];
	option = &options[key - FIRST_KEY + 1];
	field = (char *)state->input + value->offset;
	switch (value->kind) {
	case VALUE_TEXT:
		memcpy(field, &arg, sizeof(arg));
		break;
	case VALUE_NUMBER:
		*(double *)field = parse_number(option, value, arg, state);
		break;
	case VALUE_SWITCH:
		*(bool *)field = true;
		break;
	case VALUE_BYTES:
		if (parse_size(arg, (uint64_t *)field) < 0)
			argp_error(state, "--%s '%s': not a size", option->name, arg);
		break;
	case VALUE_PALETTE:
		if (!palette_by_name(arg))
			argp_error(state, "--%s '%s': no such palette; there are %s", option->name,
				   arg, palette_names());
		memcpy(field, &arg, sizeof(arg));
		break;
	case VALUE_COLOUR:
		if (!is_colour(arg))
			argp_error(state, "--%s '%s': not of the form #rrggbb", option->name, arg);
		memcpy(field, &arg, sizeof(arg));
		break;
	case VALUE_BACKGROUND:
		if (!is_colour(palette_background(arg)))
			argp_error(state,
				   "--%s '%s': neither yellow, blue, green, grey nor of the form "
				   "#rrggbb",
				   option->name, arg);
		memcpy(field, &arg, sizeof(arg));
		break;
	case VALUE_THEME:
		if (strcmp(arg, "auto") != 0 && strcmp(arg, "light") != 0 &&
		    strcmp(arg, "dark") != 0)
			argp_error(state, "--%s '%s': not auto, light or dark", option->name, arg);
		memcpy(field, &arg, sizeof(arg));
		break;
	case VALUE_REGEX:
		if (!highlight_is_valid(arg))
			argp_error(state, "--%s '%s': not a regular expression", option->name, arg);
		memcpy(field, &arg, sizeof(arg));
		break;
	case VALUE_MINWIDTH:
		parse_minwidth(option, value, arg, state);
		break;
	}
	return 0;
}

const struct argp graph_options_argp = {.options = options, .parser = parse_option};
