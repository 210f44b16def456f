/* SPDX-License-Identifier: MIT */
#include "flamegraph/page_text.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "flamegraph/capture.h"
#include "flamegraph/format.h"
#include "flamegraph/json_writer.h"
#include "flamegraph/markup.h"
#include "flamegraph/profile.h"
#include "flamegraph/time_slices.h"
#include "flamegraph/utf8.h"
#include "flamegraph/value_unit.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_FONT	   "ui-monospace,SFMono-Regular,Menlo,Consolas,DejaVu Sans Mono,monospace"
#define DEFAULT_FONT_SIZE  12
#define DEFAULT_FONT_WIDTH 0.602 /* of DejaVu Sans Mono, Menlo; no common one is wider */
#define DEFAULT_HEIGHT	   16
#define DEFAULT_WIDTH	   1200
#define TITLE_BYTES	   400 /* of a command line; pages cut what they have no room for */
#define NR_HOTTEST	   3

static const char *or_default(const char *text, const char *otherwise)
{
	return text && *text ? text : otherwise;
}

void page_style_init(struct page_style *style, const struct profile *profile,
		     const struct format_options *options)
{
	double font_width = options->fontwidth > 0 ? options->fontwidth : DEFAULT_FONT_WIDTH;

	style->font = or_default(options->fonttype, DEFAULT_FONT);
	style->unit = value_scale_of(profile, options).name;
	style->colors = or_default(options->colors, "kind");
	style->width = options->width > 0 ? options->width : DEFAULT_WIDTH;
	style->row_height = options->height > 0 ? options->height : DEFAULT_HEIGHT;
	style->font_size = options->fontsize > 0 ? options->fontsize : DEFAULT_FONT_SIZE;
	style->char_width = style->font_size * font_width;
}

static char *command_line(const struct capture_info *info)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		die_oom();
	for (size_t i = 0; i < info->nr_argv && ftell(out) <= TITLE_BYTES; i++)
		fprintf(out, "%s%s", i ? " " : "", info->argv[i]);
	if (fclose(out))
		die_oom();
	return text;
}

char *page_title(const struct profile *profile, const struct format_options *options)
{
	const struct capture_info *info = profile_info(profile);
	_cleanup_free_ char *command = NULL;

	if (options->title)
		return xstrdup(options->title);
	if (profile_before(profile) || !info || !info->nr_argv || options->no_metadata)
		return xstrdup(profile_before(profile) ? "Differential Flame Graph"
			       : options->flamechart   ? "Flame Chart"
			       : options->inverted     ? "Icicle Graph"
						       : "Flame Graph");
	command = command_line(info);
	if (strlen(command) > TITLE_BYTES)
		return xasprintf("%.*s\xe2\x80\xa6", (int)utf8_fit(command, TITLE_BYTES / 2),
				 command);
	return TAKE_PTR(command);
}

static void put_separator(FILE *out)
{
	if (ftell(out) > 0)
		fputs(" \xc2\xb7 ", out);
}

/* What makes the picture less than the whole truth. */
static void put_quality(FILE *out, const struct capture_info *info)
{
	char count[MARKUP_COUNT_MAX];
	uint64_t complete = 0, all = 0;

	for (size_t i = 0; i < info->nr_stops; i++) {
		all += info->stops[i].value;
		complete += info->stops[i].complete ? info->stops[i].value : 0;
	}
	if (all) {
		put_separator(out);
		fprintf(out, "%.2f%% of stacks complete", markup_percent(complete, all));
	}
	if (info->lost) {
		put_separator(out);
		fprintf(out, "%s lost", markup_count(info->lost, count));
	}
}

char *page_subtitle(const struct profile *profile, const struct format_options *options)
{
	const struct capture_info *info = profile_info(profile);
	char count[MARKUP_COUNT_MAX];
	struct page_style style;
	char *text = NULL;
	size_t size;
	FILE *out;

	if (options->subtitle)
		return xstrdup(options->subtitle);
	out = open_memstream(&text, &size);
	if (!out)
		die_oom();
	page_style_init(&style, profile, options);
	fprintf(out, "%s %.*s", markup_count(profile_total(profile), count),
		(int)value_unit_length(style.unit, profile_total(profile)), style.unit);
	if (profile_before(profile)) {
		fprintf(out, " against %s", markup_count(profile_before(profile)[0].total, count));
		put_separator(out);
		fputs(options->no_normalize ? "counts as they are" : "shares compared", out);
	}
	for (size_t i = 0; info && i < info->nr_probes && i < NR_HOTTEST; i++) {
		put_separator(out);
		fputs(info->probes[i], out);
	}
	if (info && info->duration_ns) {
		put_separator(out);
		fprintf(out, "%.2f s", (double)info->duration_ns / 1e9);
	}
	if (info)
		put_quality(out, info);
	if (fclose(out))
		die_oom();
	return text;
}

struct hottest {
	const struct frame *frame;
	uint64_t self;
};

static void find_hottest(const struct profile *profile, struct hottest *top)
{
	size_t nr, nr_frames;
	const struct profile_node *nodes = profile_nodes(profile, &nr);
	const struct frame *frames = profile_frames(profile, &nr_frames);
	_cleanup_free_ uint64_t *self = xcalloc(nr_frames + 1, sizeof(*self));

	for (size_t i = 1; i < nr; i++)
		self[nodes[i].frame - frames] += nodes[i].self;
	for (size_t i = 0; i < nr_frames; i++) {
		struct hottest candidate = {&frames[i], self[i]};

		for (size_t j = 0; j < NR_HOTTEST; j++) {
			struct hottest weaker = top[j];

			if (candidate.self <= weaker.self)
				continue;
			top[j] = candidate;
			candidate = weaker;
		}
	}
}

char *page_description(const struct profile *profile, const struct format_options *options)
{
	_cleanup_free_ char *subtitle = page_subtitle(profile, options);
	struct hottest top[NR_HOTTEST] = {0};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		die_oom();
	find_hottest(profile, top);
	fprintf(out, "Flame graph of %s. Each box is a function, as wide as its share.", subtitle);
	for (size_t i = 0; i < NR_HOTTEST && top[i].frame; i++)
		fprintf(out, "%s %s %.2f%%", i ? "," : " Most in:", top[i].frame->name,
			markup_percent(top[i].self, profile_total(profile)));
	fputs(".", out);
	if (fclose(out))
		die_oom();
	return text;
}

static void put_strings(struct json_writer *json, const char *key, const char *const *texts,
			size_t nr)
{
	json_key(json, key);
	json_array_begin(json);
	for (size_t i = 0; i < nr; i++)
		json_string(json, texts[i]);
	json_array_end(json);
}

static void put_counters(struct json_writer *json, const char *key,
			 const struct capture_counter *counters, size_t nr)
{
	json_key(json, key);
	json_object_begin(json);
	for (size_t i = 0; i < nr; i++) {
		if (counters[i].value)
			json_key_uint(json, counters[i].name, counters[i].value);
	}
	json_object_end(json);
}

/* Which of the stops end a complete stack. */
static void put_complete(struct json_writer *json, const struct capture_info *info)
{
	json_key(json, "complete");
	json_array_begin(json);
	for (size_t i = 0; i < info->nr_stops; i++) {
		if (info->stops[i].complete && info->stops[i].value)
			json_string(json, info->stops[i].name);
	}
	json_array_end(json);
}

static void put_info(struct json_writer *json, const struct capture_info *info)
{
	json_key(json, "info");
	json_object_begin(json);
	json_key_string(json, "ctrace", info->ctrace_version);
	put_strings(json, "command", info->argv, info->nr_argv);
	put_strings(json, "probes", info->probes, info->nr_probes);
	json_key_string(json, "host", info->host);
	json_key_string(json, "kernel", info->kernel_release);
	json_key_string(json, "machine", info->machine);
	json_key_uint(json, "cpus", info->nr_cpus);
	json_key_uint(json, "start_unix_ns", info->start_unix_ns);
	json_key_uint(json, "duration_ns", info->duration_ns);
	json_key_uint(json, "period_ns", info->period_ns);
	json_key_uint(json, "samples", info->samples);
	json_key_uint(json, "lost", info->lost);
	put_counters(json, "lost_by", info->losses, info->nr_losses);
	put_counters(json, "stops", info->stops, info->nr_stops);
	put_complete(json, info);
	json_key_uint(json, "frames", info->frames);
	json_key_uint(json, "guessed_frames", info->guessed_frames);
	json_object_end(json);
}

void page_text_meta(const struct profile *profile, const struct format_options *options,
		    const char *scope, uint64_t nr_pruned, FILE *out)
{
	const struct capture_info *info = profile_info(profile);
	_cleanup_free_ char *title = page_title(profile, options);
	_cleanup_free_ char *subtitle = page_subtitle(profile, options);
	struct page_style style;
	struct json_writer json;
	size_t nr_nodes;

	page_style_init(&style, profile, options);
	json_init(&json, out);
	json_object_begin(&json);
	json_key_uint(&json, "v", 1);
	json_key_string(&json, "scope", scope);
	json_key_string(&json, "title", title);
	json_key_string(&json, "subtitle", subtitle);
	if (options->notes)
		json_key_string(&json, "notes", options->notes);
	json_key_string(&json, "unit", style.unit);
	json_key_string(&json, "name", or_default(options->nametype, "Function"));
	json_key_string(&json, "colors", style.colors);
	if (options->highlight)
		json_key_string(&json, "highlight", options->highlight);
	json_key_double(&json, "width", options->width, 0);
	json_key_double(&json, "rowHeight", style.row_height, 1);
	json_key_double(&json, "fontSize", style.font_size, 1);
	json_key_double(&json, "charWidth", style.char_width, 3);
	json_key_bool(&json, "inverted", options->inverted);
	json_key_bool(&json, "reverse", options->reverse);
	json_key_bool(&json, "noInlines", options->no_inline);
	json_key_bool(&json, "collapse", options->collapse_recursion);
	json_key_string(&json, "theme", or_default(options->theme, "auto"));
	json_key_uint(&json, "pruned", nr_pruned);
	/* Counted in no stack: what --total says there is more. */
	if (profile_nodes(profile, &nr_nodes)[0].self)
		json_key_uint(&json, "rest", profile_nodes(profile, &nr_nodes)[0].self);
	if (info && profile_slices(profile)->nr)
		json_key_uint(&json, "sliceNs", info->slice_ns);
	if (profile_before(profile)) {
		json_key_uint(&json, "before", profile_before(profile)[0].total);
		json_key_bool(&json, "negate", options->negate);
		json_key_bool(&json, "normalized", !options->no_normalize);
	}
	if (info && !options->no_metadata)
		put_info(&json, info);
	json_object_end(&json);
}
