/* SPDX-License-Identifier: MIT */
/* `ctrace diff`: what changed between two recordings, whatever stacks_input.h reads. */
#include "cli/commands.h"
#include "cli/graph_options.h"
#include "cli/profile_output.h"
#include "cli/report_options.h"
#include "cli/stacks_input.h"
#include "common/log.h"
#include "flamegraph/capture.h"
#include "flamegraph/format.h"
#include "flamegraph/profile.h"
#include "flamegraph/profile_merge.h"

#include <errno.h>

enum {
	KEY_NO_NORMALIZE = 0x3000,
	KEY_COUNTS,
};

struct arguments {
	struct format_options graph;
	struct profile_output output;
	const char *inputs[2];
	size_t nr_inputs;
	bool strip_hex;
	struct folded_options folded;
};

/* A recording as stacks; the capture, if it was one, lives as long as the profile. */
struct side {
	struct capture *capture;
	struct profile *profile;
};

static const struct argp_option options[] = {
	{"normalize", 'n', NULL, 0, "Compare shares, not counts (the default)", 0},
	{"no-normalize", KEY_NO_NORMALIZE, NULL, 0, "Compare counts as they are", 0},
	{"counts", KEY_COUNTS, "1|2", 0, STACKS_INPUT_COUNTS_HELP, 0},
	{"strip-hex", 's', NULL, 0, "Take addresses (0x...) in names for equal", 0},
	{0}};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *args = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &args->output;
		state->child_inputs[1] = &args->graph;
		return 0;
	case 'n':
		args->graph.no_normalize = false;
		return 0;
	case KEY_NO_NORMALIZE:
		args->graph.no_normalize = true;
		return 0;
	case 's':
		args->strip_hex = true;
		return 0;
	case KEY_COUNTS:
		args->folded.counts = stacks_input_parse_counts(arg, state);
		return 0;
	case ARGP_KEY_ARG:
		if (args->nr_inputs == 2)
			argp_error(state, "two recordings at a time: '%s' is too many", arg);
		args->inputs[args->nr_inputs++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (args->nr_inputs < 2)
			argp_error(state, "two recordings are compared: BEFORE and AFTER");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int read_side(const struct arguments *args, const char *path, struct side *side)
{
	const struct stacks_options one_side = {.folded = args->folded, .one_side = true};
	int err;

	side->profile = profile_new();
	err = stacks_input_read(path, &one_side, side->profile, &side->capture);
	if (err == -ENODATA)
		log_error("'%s' holds no stacks", path);
	profile_finish(side->profile);
	return err;
}

static int begin_output(struct arguments *args)
{
	for (size_t i = 0; i < args->output.nr; i++) {
		const struct format *format = args->output.targets[i].format;

		if (format->compares)
			continue;
		log_error(
			"format '%s' cannot show a comparison; svg, html, folded, csv and top can",
			format->name);
		return -EOPNOTSUPP;
	}
	return profile_output_begin(&args->output, args->inputs, args->nr_inputs);
}

static int compare(struct arguments *args, struct side *sides)
{
	_cleanup_(profile_freep) struct profile *both = NULL;
	int err = begin_output(args);

	if (err < 0)
		return err;
	for (int i = 0; i < 2; i++) {
		err = read_side(args, args->inputs[i], &sides[i]);
		if (err < 0)
			return err;
	}
	err = profile_compare(sides[0].profile, sides[1].profile, args->strip_hex, &both);
	if (err < 0)
		return log_errno(err, "cannot add up both recordings");
	return profile_output_write(&args->output, both, &args->graph);
}

static const char examples[] =
	"\nEXAMPLES\n"
	"  ctrace diff before.ctrace after.ctrace -o diff.svg\n"
	"  ctrace diff before.folded after.folded.gz -o diff.html --title allocator\n"
	"  ctrace diff a.folded b.folded -f top            what changed most, as text\n"
	"  ctrace diff a.folded b.folded -o diff.folded    two counts a line\n";

static char *filter_help(int key, const char *text, void *input)
{
	(void)input;
	if (key == ARGP_KEY_HELP_EXTRA)
		return report_help_extra(NULL, false, examples);
	return (char *)(uintptr_t)text;
}

int cmd_diff(int argc, char **argv)
{
	const struct argp_child shared[] = {
		{.argp = &profile_output_argp}, {.argp = &graph_options_argp, .header = ""}, {0}};
	const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.args_doc = "BEFORE AFTER",
		.doc = "Draws what changed from one recording to another: captures (.ctrace), "
		       "folded stacks, which may be packed, or pictures of ctrace's.  Colours tell "
		       "by how much a function and all it calls became more (red) or less (blue); "
		       "what vanished is outlined.  The formats svg, html, folded, csv and top "
		       "show "
		       "comparisons.\v",
		.children = shared,
		.help_filter = filter_help,
	};
	struct arguments args = {.folded.factor = 1, .output.stem = "diff"};
	struct side sides[2] = {0};
	int err;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	err = compare(&args, sides);
	profile_output_release(&args.output);
	for (int i = 0; i < 2; i++) {
		profile_free(sides[i].profile);
		capture_free(sides[i].capture);
	}
	return err < 0 ? EXIT_FAILED : 0;
}
