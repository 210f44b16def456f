/* SPDX-License-Identifier: MIT */
#include "cli/report_options.h"

#include "cli/graph_options.h"
#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/log.h"

#include <stdlib.h>
#include <string.h>

#define HELP_WIDTH 79 /* argp's own right margin */

enum {
	KEY_STATS = 0x100,
	KEY_PER_THREAD,
	KEY_PER_PROCESS,
	KEY_MODULES,
	KEY_NO_INLINE,
	KEY_LINES,
	KEY_OPEN,
};

static const struct argp_option options[] = {
	{.doc = "Outputs:"},
	{.name = "output",
	 .key = 'o',
	 .arg = "FILE",
	 .doc = "Write FILE, in the format its suffix names; repeatable; - is folded stacks on "
		"standard output (default: ctrace.folded and ctrace.svg; -f tree and top: standard "
		"output)"},
	{.name = "format", .key = 'f', .arg = "FORMAT", .doc = "Format, whatever the suffix"},
	{.name = "open", .key = KEY_OPEN, .doc = "Show the picture in the browser (xdg-open)"},
	{.name = "stats",
	 .key = KEY_STATS,
	 .arg = "FILE",
	 .doc = "Write figures of the run as JSON"},
	{.name = "quiet", .key = 'q', .doc = "Print only errors"},
	{.name = "verbose",
	 .key = 'v',
	 .doc = "Print more: why stacks ended, where symbols came from; -vv for debugging"},
	{.doc = "Frames:"},
	{.name = "per-process", .key = KEY_PER_PROCESS, .doc = "Root frame comm-pid"},
	{.name = "per-thread", .key = KEY_PER_THREAD, .doc = "Root frame comm-pid/tid"},
	{.name = "modules", .key = KEY_MODULES, .doc = "Frames as object`function"},
	{.name = "no-inline", .key = KEY_NO_INLINE, .doc = "Leave out inlined functions"},
	{.name = "lines",
	 .key = KEY_LINES,
	 .doc = "Tell source lines apart: frames as function:line, files in the picture"},
	{0}};

/* argp breaks lines where they end; what is too long gets a line of its own before that. */
static void print_format(FILE *out, const struct format *format)
{
	int column = fprintf(out, "  %-10s %-16s ", format->name,
			     format->suffix ? format->suffix : "");

	if (column + (int)strlen(format->what) >= HELP_WIDTH)
		fputs("\n      ", out);
	fprintf(out, "%s\n", format->what);
}

static void print_formats(FILE *out, bool captures)
{
	fputs("Formats:\n", out);
	if (captures)
		print_format(out, &report_format_capture);
	for (const struct format *const *f = format_table(); *f; f++)
		print_format(out, *f);
}

char *report_help_extra(void (*print)(FILE *out), bool captures, const char *examples)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		die_oom();
	if (print)
		print(out);
	print_formats(out, captures);
	fputs(examples, out);
	if (fclose(out))
		die_oom();
	return text;
}

void report_options_init(struct report_options *report)
{
	*report = (struct report_options){0};
	symbol_options_init(&report->symbols);
}

void report_options_release(struct report_options *report)
{
	free(report->outputs);
	free(report->default_path);
	symbol_options_release(&report->symbols);
}

static void add_output(struct report_options *report, const char *path)
{
	GROW_ARRAY(report->outputs, report->nr_outputs, report->cap_outputs);
	report->outputs[report->nr_outputs++] = (struct output_request){.path = path};
}

static const struct format *format_of_path(const char *path, struct argp_state *state)
{
	return strcmp(path, "-") ? report_format_by_path(path, true, state)
				 : format_by_name("folded");
}

static void reject_nothing_to_open(const struct report_options *report, struct argp_state *state)
{
	for (size_t i = 0; i < report->nr_outputs; i++) {
		const struct output_request *output = &report->outputs[i];

		if (report_format_is_picture(output->format) && strcmp(output->path, "-") != 0)
			return;
	}
	argp_error(state, "--open: no picture (.svg, .html) among the outputs");
}

static void reject_same_outputs(const struct report_options *report, struct argp_state *state)
{
	for (size_t i = 0; i < report->nr_outputs; i++) {
		for (size_t j = 0; j < i; j++) {
			if (!strcmp(report->outputs[i].path, report->outputs[j].path))
				argp_error(state, "-o '%s' is given twice",
					   report->outputs[i].path);
		}
	}
}

/* What shows one line for a function, or none, and not that of each sample. */
static bool shows_functions(const struct format *format)
{
	return format == &report_format_capture || report_format_is_picture(format) ||
	       report_format_is_text(format) || !strcmp(format->name, "folded");
}

/* Pictures tell where a function is, unless there is an output that would take it for more. */
static bool wants_lines(const struct report_options *report)
{
	bool has_picture = false;

	for (size_t i = 0; i < report->nr_outputs; i++) {
		if (!shows_functions(report->outputs[i].format))
			return report->line_names;
		has_picture |= report_format_is_picture(report->outputs[i].format);
	}
	return has_picture || report->line_names;
}

static void finish_outputs(struct report_options *report, struct argp_state *state)
{
	const struct format *format = NULL;

	if (report->format_name)
		format = report_format_by_name(report->format_name, true, state);
	if (!report->nr_outputs && format) {
		report->default_path = format->suffix ? xasprintf("ctrace%s", format->suffix)
						      : xstrdup("-");
		add_output(report, report->default_path);
	} else if (!report->nr_outputs) {
		add_output(report, "ctrace.folded");
		add_output(report, "ctrace.svg");
	}
	for (size_t i = 0; i < report->nr_outputs; i++) {
		struct output_request *output = &report->outputs[i];

		if (strcmp(output->path, "-") != 0)
			report_format_reject_directory(output->path, state);
		output->format = format ? format : format_of_path(output->path, state);
	}
	report->symbols.values.lines = wants_lines(report);
	reject_same_outputs(report, state);
	if (report->open)
		reject_nothing_to_open(report, state);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct report_options *report = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &report->symbols;
		state->child_inputs[1] = &report->graph;
		return 0;
	case 'o':
		add_output(report, arg);
		return 0;
	case 'f':
		report->format_name = arg;
		return 0;
	case KEY_STATS:
		report->stats_path = arg;
		return 0;
	case 'q':
		log_set_level(LOG_QUIET);
		return 0;
	case 'v':
		log_set_level(log_get_level() >= LOG_VERBOSE ? LOG_DEBUG : LOG_VERBOSE);
		return 0;
	case KEY_OPEN:
		report->open = true;
		return 0;
	case KEY_PER_THREAD:
		report->per_thread = true;
		return 0;
	case KEY_PER_PROCESS:
		report->per_process = true;
		return 0;
	case KEY_MODULES:
		report->modules = true;
		return 0;
	case KEY_NO_INLINE:
		report->symbols.values.inlines = false;
		return 0;
	case KEY_LINES:
		report->line_names = true;
		return 0;
	case ARGP_KEY_SUCCESS:
		finish_outputs(report, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {
	{.argp = &symbol_options_argp, .header = "Names:"},
	{.argp = &graph_options_argp, .header = ""},
	{0},
};

const struct argp report_options_argp = {
	.options = options,
	.parser = parse_option,
	.children = children,
};
