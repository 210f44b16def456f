/* SPDX-License-Identifier: MIT */
/* `ctrace flamegraph`: folded stacks of anybody's making to any format, as flamegraph.pl does. */
#include "cli/commands.h"
#include "cli/graph_options.h"
#include "cli/profile_output.h"
#include "cli/report_format.h"
#include "cli/report_options.h"
#include "cli/stacks_input.h"
#include "common/alloc.h"
#include "common/log.h"
#include "common/number.h"
#include "flamegraph/capture.h"
#include "flamegraph/format.h"
#include "flamegraph/profile.h"
#include "flamegraph/profile_transform.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	KEY_FLAMECHART = 0x2000,
	KEY_FACTOR,
	KEY_TOTAL,
	KEY_BASE,
	KEY_SKIP_AFTER,
	KEY_NO_INLINE,
	KEY_STRICT,
	KEY_BY,
	KEY_COUNTS,
	KEY_NAMEATTR,
	KEY_IGNORED,
};

struct arguments {
	struct format_options graph;
	struct profile_output output;
	const char **inputs;
	size_t nr_inputs, cap_inputs;
	struct stacks_options stacks;
	uint64_t total; /* 0: what adds up */
	const char **bases, **skip_after;
	size_t nr_bases, cap_bases, nr_skip_after, cap_skip_after;
	enum profile_grouping grouping;
};

static const struct argp_option options[] = {
	{"flamechart", KEY_FLAMECHART, NULL, 0,
	 "Keep the order of the input, merge neighbours only", 0},
	{"factor", KEY_FACTOR, "NUMBER", 0, "Multiply every count", 0},
	{"total", KEY_TOTAL, "COUNT", 0, "Count that is as wide as the picture", 0},
	{"base", KEY_BASE, "FUNCTION", 0, "Begin stacks here, drop those without it; repeatable",
	 0},
	{"skip-after", KEY_SKIP_AFTER, "FUNCTION", 0, "Leave its callers out; repeatable", 0},
	{"no-inline", KEY_NO_INLINE, NULL, 0, "Fold inlined frames into their callers", 0},
	{"counts", KEY_COUNTS, "1|2", 0, STACKS_INPUT_COUNTS_HELP, 0},
	{"strict", KEY_STRICT, NULL, 0, "Fail at lines that are no stacks", 0},
	{"by", KEY_BY, "thread|process|comm|none", 0,
	 "What root frames as comm-12/34 tell apart (default: all they say)", 0},
	/* Theirs, and settled here without them. */
	{"nameattr", KEY_NAMEATTR, "FILE", OPTION_HIDDEN, NULL, 0},
	{NULL, 'i', NULL, OPTION_HIDDEN, NULL, 0},
	{"deterministic", KEY_IGNORED, NULL, OPTION_HIDDEN, NULL, 0},
	{"no-sort", KEY_IGNORED, NULL, OPTION_HIDDEN, NULL, 0},
	{"pretty-xml", KEY_IGNORED, NULL, OPTION_HIDDEN, NULL, 0},
	{"random", KEY_IGNORED, NULL, OPTION_HIDDEN, NULL, 0},
	{"cp", KEY_IGNORED, NULL, OPTION_HIDDEN, NULL, 0},
	{"truncate-text-right", KEY_IGNORED, NULL, OPTION_HIDDEN, NULL, 0},
	{"encoding", KEY_IGNORED, "NAME", OPTION_HIDDEN, NULL, 0},
	{0}};

static double parse_factor(const char *text, struct argp_state *state)
{
	char *end;
	double factor = strtod(text, &end);

	if (end == text || *end || !isfinite(factor) || factor <= 0)
		argp_error(state, "--factor '%s': must be a number above 0", text);
	return factor;
}

static enum profile_grouping parse_grouping(const char *text, struct argp_state *state)
{
	static const char *const names[] = {
		[GROUP_AS_IS] = "thread",
		[GROUP_BY_PROCESS] = "process",
		[GROUP_BY_COMM] = "comm",
		[GROUP_BY_NOTHING] = "none",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(text, names[i]))
			return (enum profile_grouping)i;
	}
	argp_error(state, "--by '%s': not thread, process, comm or none", text);
	return GROUP_AS_IS;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *args = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &args->output;
		state->child_inputs[1] = &args->graph;
		return 0;
	case KEY_FLAMECHART:
		args->graph.flamechart = true;
		return 0;
	case KEY_FACTOR:
		args->stacks.folded.factor = parse_factor(arg, state);
		return 0;
	case KEY_COUNTS:
		args->stacks.folded.counts = stacks_input_parse_counts(arg, state);
		return 0;
	case KEY_TOTAL:
		if (parse_uint(arg, 1, INT64_MAX, &args->total) < 0)
			argp_error(state, "--total '%s': must be from 1 to 2^63-1", arg);
		return 0;
	case KEY_BASE:
		GROW_ARRAY(args->bases, args->nr_bases, args->cap_bases);
		args->bases[args->nr_bases++] = arg;
		return 0;
	case KEY_SKIP_AFTER:
		GROW_ARRAY(args->skip_after, args->nr_skip_after, args->cap_skip_after);
		args->skip_after[args->nr_skip_after++] = arg;
		return 0;
	case KEY_NO_INLINE:
		args->graph.no_inline = true;
		return 0;
	case KEY_STRICT:
		args->stacks.strict = true;
		return 0;
	case KEY_BY:
		args->grouping = parse_grouping(arg, state);
		return 0;
	case KEY_NAMEATTR:
		log_warning("--nameattr is not supported: '%s' is not read", arg);
		return 0;
	case 'i':
		args->graph.inverted = true;
		return 0;
	case KEY_IGNORED:
		return 0;
	case ARGP_KEY_ARG:
		GROW_ARRAY(args->inputs, args->nr_inputs, args->cap_inputs);
		args->inputs[args->nr_inputs++] = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static size_t nr_inputs(const struct arguments *args)
{
	return args->nr_inputs ? args->nr_inputs : 1;
}

static int write_output(struct arguments *args, const struct profile *profile)
{
	int err = profile_output_write(&args->output, profile, &args->graph);

	if (err == -ENODATA)
		log_error("no stacks in the input");
	return err;
}

/* What --total has more than the stacks is nobody's. */
static void fill_up(const struct arguments *args, struct profile *profile)
{
	uint64_t total = profile_total(profile);

	if (args->total && args->total < total)
		log_warning("--total %" PRIu64 " is less than the stacks add up to, %" PRIu64
			    ", and ignored",
			    args->total, total);
	/* At most --total in all, which fits. */
	if (args->total > total)
		profile_add(profile, NULL, 0, args->total - total);
}

static int write_transformed(struct arguments *args, const struct profile *profile)
{
	const struct profile_transform how = {
		.bases = args->bases,
		.nr_bases = args->nr_bases,
		.skip_after = args->skip_after,
		.nr_skip_after = args->nr_skip_after,
		.grouping = args->grouping,
		/* A page can show them again. */
		.no_inlined = args->graph.no_inline &&
			      !profile_output_all(&args->output, report_format_is_picture),
	};
	_cleanup_(profile_freep) struct profile *transformed = NULL;
	uint64_t dropped;

	if (!how.nr_bases && !how.nr_skip_after && !how.grouping && !how.no_inlined)
		return write_output(args, profile);
	transformed = profile_transformed(profile, &how, &dropped);
	if (dropped)
		log_warning("--base leaves out stacks worth %" PRIu64 " of %" PRIu64, dropped,
			    profile_total(profile));
	return write_output(args, transformed);
}

/* Everything of all inputs; @captures has room for one each. */
static int read_inputs(const struct arguments *args, struct profile *profile,
		       struct capture **captures)
{
	static const char *const from_stdin[] = {"-"};
	const char *const *inputs = args->nr_inputs ? args->inputs : from_stdin;

	for (size_t i = 0; i < nr_inputs(args); i++) {
		int err = stacks_input_read(inputs[i], &args->stacks, profile, &captures[i]);

		/* That there is nothing at all is said at the end. */
		if (err < 0 && err != -ENODATA)
			return err;
	}
	/* One recording's own words do not fit several. */
	if (nr_inputs(args) > 1)
		profile_set_info(profile, NULL);
	return 0;
}

static int draw(struct arguments *args)
{
	_cleanup_(profile_freep) struct profile *profile = profile_new();
	_cleanup_free_ struct capture **captures = xcalloc(nr_inputs(args), sizeof(*captures));
	int err;

	if (args->graph.flamechart)
		profile_keep_order(profile);
	err = profile_output_begin(&args->output, args->inputs, args->nr_inputs);
	if (!err)
		err = read_inputs(args, profile, captures);
	if (!err) {
		fill_up(args, profile);
		profile_finish(profile);
		err = write_transformed(args, profile);
	}
	for (size_t i = 0; i < nr_inputs(args); i++)
		capture_free(captures[i]);
	return err == -ENODATA ? EXIT_USAGE : err < 0 ? EXIT_FAILED : 0;
}

static const char examples[] =
	"\nEXAMPLES\n"
	"  ctrace flamegraph out.folded -o out.svg\n"
	"  perf script | ctrace flamegraph -o out.html\n"
	"  stackcollapse-go.pl raw.txt | ctrace flamegraph --title build > out.svg\n"
	"  ctrace flamegraph out.folded.gz -o out.pb.gz\n"
	"  ctrace flamegraph out.svg -f top                what is in the picture, as text\n";

static char *filter_help(int key, const char *text, void *input)
{
	(void)input;
	if (key == ARGP_KEY_HELP_EXTRA)
		return report_help_extra(NULL, false, examples);
	return (char *)(uintptr_t)text;
}

int cmd_flamegraph(int argc, char **argv)
{
	const struct argp_child shared[] = {
		{.argp = &profile_output_argp}, {.argp = &graph_options_argp, .header = ""}, {0}};
	const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.args_doc = "[STACKS...]",
		.doc = "Draws folded stacks (perf's collapsers, inferno, ours), what perf script, "
		       "bpftrace and DTrace print, captures, and pictures of ctrace's own again; "
		       "from files or standard input, text also packed with gzip or zstd.\v",
		.children = shared,
		.help_filter = filter_help,
	};
	struct arguments args = {.stacks.folded.factor = 1, .output.stem = "flamegraph"};
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	status = draw(&args);
	profile_output_release(&args.output);
	free(args.inputs);
	free(args.bases);
	free(args.skip_after);
	return status;
}
