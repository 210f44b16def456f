/* SPDX-License-Identifier: MIT */
#include "flamegraph/palette.h"

#include "common/frame.h"
#include "flamegraph/palette_colour.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define NR_SHADES	 8
#define NR_MODULE_HUES	 12
#define NR_MODULE_SHADES 4
#define NR_COSTS	 10
#define NR_DELTAS	 9 /* four of less, none, four of more */

/* OKLCH of the first and the last shade: lightness and chroma in thousandths, hue in degrees. */
struct tone {
	short light[2], chroma[2], hue[2];
};

enum {
	TONE_GREY,
	TONE_DUSK,
	TONE_SLATE,
	TONE_RED,
	TONE_GREEN,
	TONE_BLUE,
	TONE_AQUA,
	TONE_YELLOW,
	TONE_PURPLE,
	TONE_ORANGE,
	TONE_HOT,
	TONE_MEM,
	TONE_WAKEUP,
	TONE_COST,
	TONE_LESS,
	TONE_MORE,
	/* Okabe and Ito's set, which people with any colour vision tell apart. */
	TONE_SAFE_ORANGE,
	TONE_SAFE_YELLOW,
	TONE_SAFE_VERMILION,
	TONE_SAFE_SKY,
	TONE_SAFE_GREEN,
	TONE_SAFE_PINK,
};

static const struct tone tones[] = {
	[TONE_GREY] = {{880, 830}, {6, 6}, {250, 250}},
	[TONE_DUSK] = {{800, 760}, {10, 10}, {250, 250}},
	[TONE_SLATE] = {{880, 840}, {25, 25}, {255, 265}},
	[TONE_RED] = {{745, 815}, {135, 105}, {24, 44}},
	[TONE_GREEN] = {{810, 865}, {125, 115}, {140, 155}},
	[TONE_BLUE] = {{750, 825}, {95, 75}, {235, 255}},
	[TONE_AQUA] = {{825, 885}, {75, 65}, {190, 210}},
	[TONE_YELLOW] = {{860, 910}, {130, 105}, {86, 100}},
	[TONE_PURPLE] = {{740, 810}, {105, 85}, {300, 320}},
	[TONE_ORANGE] = {{775, 830}, {135, 115}, {55, 68}},
	[TONE_HOT] = {{740, 890}, {150, 120}, {25, 95}},
	[TONE_MEM] = {{800, 870}, {135, 105}, {145, 165}},
	[TONE_WAKEUP] = {{740, 820}, {90, 60}, {200, 290}},
	[TONE_COST] = {{945, 700}, {30, 170}, {95, 25}},
	[TONE_LESS] = {{690, 930}, {130, 12}, {255, 255}},
	[TONE_MORE] = {{930, 690}, {12, 160}, {28, 28}},
	[TONE_SAFE_ORANGE] = {{800, 840}, {120, 105}, {66, 72}},
	[TONE_SAFE_YELLOW] = {{905, 925}, {130, 110}, {102, 106}},
	[TONE_SAFE_VERMILION] = {{705, 745}, {130, 115}, {38, 44}},
	[TONE_SAFE_SKY] = {{800, 845}, {80, 65}, {228, 236}},
	[TONE_SAFE_GREEN] = {{740, 795}, {105, 90}, {160, 168}},
	[TONE_SAFE_PINK] = {{800, 840}, {70, 55}, {345, 350}},
};

struct palette {
	const char *name;
	enum { BY_KIND, BY_MODULE, BY_COST } scheme;
	unsigned char tones[NR_HUES];
};

#define KINDS                                                                                    \
	{                                                                                        \
		TONE_RED, TONE_YELLOW, TONE_ORANGE, TONE_AQUA, TONE_GREEN, TONE_GREY, TONE_DUSK, \
			TONE_SLATE                                                               \
	}
#define ALL(tone)                                                              \
	{                                                                      \
		tone, tone, tone, tone, tone, TONE_GREY, TONE_DUSK, TONE_SLATE \
	}

/* The first is the default. */
static const struct palette palettes[] = {
	{"kind", BY_KIND, KINDS},
	{"module", BY_MODULE, KINDS},
	{"cost", BY_COST, KINDS},
	{"cb",
	 BY_KIND,
	 {TONE_SAFE_VERMILION, TONE_SAFE_YELLOW, TONE_SAFE_ORANGE, TONE_SAFE_SKY, TONE_SAFE_GREEN,
	  TONE_GREY, TONE_DUSK, TONE_SAFE_PINK}},
	{"mono", BY_KIND, ALL(TONE_GREY)},
	{"hot", BY_KIND, ALL(TONE_HOT)},
	{"mem", BY_KIND, ALL(TONE_MEM)},
	{"io", BY_KIND, ALL(TONE_BLUE)},
	{"wakeup", BY_KIND, ALL(TONE_WAKEUP)},
	{"chain", BY_KIND, ALL(TONE_BLUE)},
	{"java", BY_KIND, KINDS},
	{"js", BY_KIND, KINDS},
	{"perl", BY_KIND, KINDS},
	{"python", BY_KIND, KINDS},
	{"rust", BY_KIND, KINDS},
	{"red", BY_KIND, ALL(TONE_RED)},
	{"green", BY_KIND, ALL(TONE_GREEN)},
	{"blue", BY_KIND, ALL(TONE_BLUE)},
	{"aqua", BY_KIND, ALL(TONE_AQUA)},
	{"yellow", BY_KIND, ALL(TONE_YELLOW)},
	{"purple", BY_KIND, ALL(TONE_PURPLE)},
	{"orange", BY_KIND, ALL(TONE_ORANGE)},
};

static const struct {
	char letter;
	const char *text;
} hues[NR_HUES] = {
	[HUE_NATIVE] = {'n', "native"},	  [HUE_SCOPED] = {'c', "C++ / Rust"},
	[HUE_KERNEL] = {'k', "kernel"},	  [HUE_INLINED] = {'i', "inlined"},
	[HUE_JIT] = {'j', "JIT"},	  [HUE_MODULE] = {'m', "no symbols"},
	[HUE_UNKNOWN] = {'u', "unknown"}, [HUE_MARK] = {'r', "process"},
};

const struct palette *palette_by_name(const char *name)
{
	if (!name)
		return &palettes[0];
	for (size_t i = 0; i < sizeof(palettes) / sizeof(palettes[0]); i++) {
		if (!strcmp(palettes[i].name, name))
			return &palettes[i];
	}
	return NULL;
}

const char *palette_names(void)
{
	return "kind module cost cb mono hot mem io wakeup chain java js perl python rust red "
	       "green "
	       "blue aqua yellow purple orange";
}

const char *palette_background(const char *name)
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

enum palette_hue palette_hue(const struct frame *frame)
{
	switch (frame->kind) {
	case FRAME_KIND_KERNEL:
		return HUE_KERNEL;
	case FRAME_KIND_INLINED:
		return HUE_INLINED;
	case FRAME_KIND_JIT:
		return HUE_JIT;
	case FRAME_KIND_MODULE:
		return HUE_MODULE;
	case FRAME_KIND_UNKNOWN:
		return HUE_UNKNOWN;
	case FRAME_KIND_MARK:
		return HUE_MARK;
	default:
		return strstr(frame->name, "::") ? HUE_SCOPED : HUE_NATIVE;
	}
}

/* FNV-1a; the low bits alone are poor. */
static uint32_t hash_span(const char *text, size_t len)
{
	uint32_t hash = 0x811c9dc5;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)text[i]) * 0x01000193;
	return hash ^ hash >> 15;
}

/* Without parameters, template arguments and clone suffixes, which change between builds. */
static uint32_t hash_stem(const char *name)
{
	size_t len = *name ? 1 + strcspn(name + 1, "(<.") : 0;

	return hash_span(name, len);
}

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static unsigned int module_hue(const char *module)
{
	const char *name = file_name(module);

	return hash_span(name, strlen(name)) % NR_MODULE_HUES;
}

/* One class for each halving of the share. */
static unsigned int cost_class(uint64_t total, uint64_t whole)
{
	double share = whole ? (double)total / (double)whole : 0;
	unsigned int class = NR_COSTS - 1;

	for (double least = 0.5; class > 0 && share < least; least /= 2)
		class --;
	return class;
}

const char *palette_class(const struct palette *palette, const struct frame *frame, uint64_t total,
			  uint64_t whole, char *text)
{
	uint32_t hash = hash_stem(frame->name);

	if (palette->scheme == BY_COST)
		snprintf(text, PALETTE_CLASS_MAX, "e%u", cost_class(total, whole));
	else if (palette->scheme == BY_MODULE && frame->module)
		snprintf(text, PALETTE_CLASS_MAX, "h%u",
			 module_hue(frame->module) * NR_MODULE_SHADES + hash % NR_MODULE_SHADES);
	else
		snprintf(text, PALETTE_CLASS_MAX, "%c%u", hues[palette_hue(frame)].letter,
			 hash % NR_SHADES);
	return text;
}

const char *palette_group(const struct palette *palette, const struct frame *frame, char *ret_class)
{
	enum palette_hue hue = palette_hue(frame);

	if (palette->scheme == BY_MODULE && frame->module) {
		snprintf(ret_class, PALETTE_CLASS_MAX, "h%u",
			 module_hue(frame->module) * NR_MODULE_SHADES + 1);
		return file_name(frame->module);
	}
	snprintf(ret_class, PALETTE_CLASS_MAX, "%c%d", hues[hue].letter, NR_SHADES / 2);
	return hues[hue].text;
}

bool palette_is_by_module(const struct palette *palette)
{
	return palette->scheme == BY_MODULE;
}

bool palette_is_by_cost(const struct palette *palette)
{
	return palette->scheme == BY_COST;
}

const char *palette_cost_class(unsigned int step, char *text)
{
	snprintf(text, PALETTE_CLASS_MAX, "e%u", step);
	return step < NR_COSTS ? text : NULL;
}

static uint32_t shade(const struct tone *tone, unsigned int step, unsigned int steps, bool dark)
{
	double at = (double)step / (steps - 1);
	double light = (tone->light[0] + at * (tone->light[1] - tone->light[0])) / 1000;
	double chroma = (tone->chroma[0] + at * (tone->chroma[1] - tone->chroma[0])) / 1000;
	double hue = tone->hue[0] + at * (tone->hue[1] - tone->hue[0]);

	/* In the dark dimmed, but still light enough for dark text: kinds keep their looks. */
	if (dark)
		return colour_from_oklch(0.645 + (light - 0.69) * 0.55, chroma * 0.85, hue);
	return colour_from_oklch(light, chroma, hue);
}

const char *palette_delta_step(int step, char *text)
{
	if (step < -(NR_DELTAS / 2) || step > NR_DELTAS / 2)
		return NULL;
	snprintf(text, PALETTE_CLASS_MAX, "d%d", NR_DELTAS / 2 + step);
	return text;
}

const char *palette_delta_class(double delta, double most, char *text)
{
	static const double least[] = {0.01, 0.05, 0.2, 0.5};
	double share = most > 0 ? (delta < 0 ? -delta : delta) / most : 0;
	int step = 0;

	while (step < NR_DELTAS / 2 && share >= least[step])
		step++;
	return palette_delta_step(delta < 0 ? -step : step, text);
}

/* The shades of one letter. */
struct ramp {
	char letter;
	unsigned int first; /* number of its first class */
	unsigned int steps;
	struct tone tone;
};

#define MAX_RAMPS (NR_HUES + NR_MODULE_HUES + 3)

static size_t delta_ramps(struct ramp *ramps)
{
	ramps[0] = (struct ramp){'d', NR_DELTAS / 2, NR_DELTAS / 2 + 1, tones[TONE_MORE]};
	ramps[1] = (struct ramp){'d', 0, NR_DELTAS / 2 + 1, tones[TONE_LESS]};
	return 2;
}

static size_t palette_ramps(const struct palette *palette, struct ramp *ramps)
{
	size_t nr = 0;

	for (unsigned int hue = 0; hue < NR_HUES; hue++)
		ramps[nr++] = (struct ramp){hues[hue].letter, 0, NR_SHADES,
					    tones[palette->tones[hue]]};
	if (palette->scheme == BY_COST)
		ramps[nr++] = (struct ramp){'e', 0, NR_COSTS, tones[TONE_COST]};
	for (unsigned int i = 0; palette->scheme == BY_MODULE && i < NR_MODULE_HUES; i++) {
		short hue = (short)(i * 360 / NR_MODULE_HUES);

		ramps[nr++] = (struct ramp){'h',
					    i * NR_MODULE_SHADES,
					    NR_MODULE_SHADES,
					    {{770, 870}, {105, 85}, {hue, (short)(hue + 12)}}};
	}
	return nr;
}

uint32_t palette_fill(const struct palette *palette, const char *class)
{
	struct ramp ramps[MAX_RAMPS];
	size_t nr = class[0] == 'd' ? delta_ramps(ramps) : palette_ramps(palette, ramps);
	unsigned int number = (unsigned int)strtoul(class + 1, NULL, 10);

	/* Of two that share a class the second counts, as in the style sheet. */
	for (size_t i = nr; i-- > 0;) {
		const struct ramp *ramp = &ramps[i];

		if (ramp->letter == class[0] && number >= ramp->first &&
		    number < ramp->first + ramp->steps)
			return shade(&ramp->tone, number - ramp->first, ramp->steps, false);
	}
	return 0;
}

static void write_rules(const struct ramp *ramps, size_t nr, const char *scope, FILE *out)
{
	for (size_t i = 0; i < nr; i++) {
		for (unsigned int step = 0; step < ramps[i].steps; step++) {
			char letter = ramps[i].letter;
			unsigned int number = ramps[i].first + step;

			fprintf(out, ".%s .%c%u{fill:var(--%c%u,#%06x)}", scope, letter, number,
				letter, number, shade(&ramps[i].tone, step, ramps[i].steps, false));
		}
	}
}

static void write_dark(const struct ramp *ramps, size_t nr, FILE *out)
{
	for (size_t i = 0; i < nr; i++) {
		for (unsigned int step = 0; step < ramps[i].steps; step++)
			fprintf(out, "--%c%u:#%06x;", ramps[i].letter, ramps[i].first + step,
				shade(&ramps[i].tone, step, ramps[i].steps, true));
	}
}

void palette_write_css(const struct palette *palette, bool with_delta, const char *scope, FILE *out)
{
	struct ramp ramps[MAX_RAMPS];
	size_t nr = with_delta ? delta_ramps(ramps) : 0;

	nr += palette_ramps(palette, ramps + nr);
	write_rules(ramps, nr, scope, out);
	/* Paper is light. */
	fprintf(out, "\n@media screen and (prefers-color-scheme:dark){.%s:not(.light){", scope);
	write_dark(ramps, nr, out);
	fprintf(out, "}}\n@media screen{.%s.dark{", scope);
	write_dark(ramps, nr, out);
	fputs("}}\n", out);
}
