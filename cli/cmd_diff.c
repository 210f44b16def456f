/* SPDX-License-Identifier: MIT */
/* `ctrace diff`: what changed between two recordings, captures or folded stacks. */
#include "cli/commands.h"
#include "cli/graph_options.h"
#include "cli/profile_output.h"
#include "cli/report_options.h"
#include "cli/report_pipeline.h"
#include "common/alloc.h"
#include "common/log.h"
#include "flamegraph/capture.h"
#include "flamegraph/folded_read.h"
#include "flamegraph/format.h"
#include "flamegraph/profile.h"
#include "flamegraph/profile_merge.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define COPY_BYTES 65536

enum {
	KEY_NO_NORMALIZE = 0x3000,
};

struct arguments {
	struct format_options graph;
	struct profile_output output;
	const char *inputs[2];
	size_t nr_inputs;
	bool strip_hex;
};

/* A recording as stacks; the capture, if it was one, lives as long as the profile. */
struct side {
	struct capture *capture;
	struct profile *profile;
};

static const struct argp_option options[] = {
	{"normalize", 'n', NULL, 0, "Compare shares, not counts (the default)", 0},
	{"no-normalize", KEY_NO_NORMALIZE, NULL, 0, "Compare counts as they are", 0},
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

static int read_folded(FILE *in, const char *path, struct side *side)
{
	struct folded_report report;
	int err;

	side->profile = profile_new();
	err = folded_read(in, side->profile, 1, &report);
	if (err < 0)
		return log_errno(err, "cannot read '%s'", path);
	if (!report.stacks) {
		log_error("'%s' is neither a ctrace capture nor folded stacks", path);
		return -ENODATA;
	}
	if (report.bad_lines)
		log_warning(
			"'%s': %" PRIu64 " of %" PRIu64
			" lines are no stacks with a count and were left out, the first is line "
			"%" PRIu64,
			path, report.bad_lines, report.lines, report.first_bad_line);
	profile_finish(side->profile);
	return 0;
}

static int name_capture(const char *path, struct side *side)
{
	struct symbol_figures figures;
	struct report_options report;
	int err;

	report_options_init(&report);
	err = report_build_profile(side->capture, NULL, &report, &side->profile, &figures);
	report_options_release(&report);
	return err < 0 ? log_errno(err, "cannot add up '%s'", path) : 0;
}

/* What cannot be read twice, a pipe, is kept in a file without a name. */
static int open_side(const char *path, FILE **ret_in)
{
	_cleanup_fclose_ FILE *in = strcmp(path, "-") ? fopen(path, "re") : fdopen(dup(0), "r");
	_cleanup_fclose_ FILE *copy = NULL;
	char buffer[COPY_BYTES];
	size_t nr;

	if (!in)
		return log_errno(errno, "cannot open '%s'", path);
	if (!fseek(in, 0, SEEK_SET)) {
		*ret_in = TAKE_PTR(in);
		return 0;
	}
	copy = tmpfile();
	if (!copy)
		return log_errno(errno, "cannot keep what comes from '%s'", path);
	while ((nr = fread(buffer, 1, sizeof(buffer), in)) > 0) {
		if (fwrite(buffer, 1, nr, copy) != nr)
			return log_errno(errno, "cannot keep what comes from '%s'", path);
	}
	if (ferror(in))
		return log_errno(errno, "cannot read '%s'", path);
	rewind(copy);
	*ret_in = TAKE_PTR(copy);
	return 0;
}

static int read_side(const char *path, struct side *side)
{
	_cleanup_fclose_ FILE *in = NULL;
	int err = open_side(path, &in);

	if (err < 0)
		return err;
	err = capture_read(in, &side->capture);
	if (!err)
		return name_capture(path, side);
	if (err != -ENOEXEC)
		return log_errno(err, "cannot read '%s'", path);
	if (fseek(in, 0, SEEK_SET) < 0)
		return log_errno(errno, "cannot read '%s'", path);
	return read_folded(in, path, side);
}

static int write_output(const struct arguments *args, const struct profile *profile)
{
	if (!args->output.format->compares) {
		log_error("format '%s' cannot show a comparison; svg, html and folded can",
			  args->output.format->name);
		return -EOPNOTSUPP;
	}
	return profile_output_write(&args->output, profile, &args->graph);
}

static int compare(const struct arguments *args, struct side *sides)
{
	_cleanup_(profile_freep) struct profile *both = NULL;
	int err;

	for (int i = 0; i < 2; i++) {
		err = read_side(args->inputs[i], &sides[i]);
		if (err < 0)
			return err;
	}
	err = profile_compare(sides[0].profile, sides[1].profile, args->strip_hex, &both);
	if (err < 0)
		return log_errno(err, "cannot add up both recordings");
	return write_output(args, both);
}

int cmd_diff(int argc, char **argv)
{
	const struct argp_child shared[] = {
		{.argp = &profile_output_argp}, {.argp = &graph_options_argp, .header = ""}, {0}};
	const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.args_doc = "BEFORE AFTER",
		.doc = "Draws what changed from one recording to another: captures (.ctrace) or "
		       "folded "
		       "stacks, which may be packed.  Colours tell by how much a function and all "
		       "it "
		       "calls became more (red) or less (blue); what vanished is outlined.\v"
		       "EXAMPLES\n"
		       "  ctrace diff before.ctrace after.ctrace -o diff.svg\n"
		       "  ctrace diff before.folded after.folded.gz -o diff.html --title 'new "
		       "allocator'\n"
		       "  ctrace diff a.folded b.folded -o diff.folded    two counts a line\n",
		.children = shared,
	};
	struct arguments args = {0};
	struct side sides[2] = {0};
	int err;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	err = compare(&args, sides);
	for (int i = 0; i < 2; i++) {
		profile_free(sides[i].profile);
		capture_free(sides[i].capture);
	}
	return err < 0 ? EXIT_FAILED : 0;
}
