/* SPDX-License-Identifier: MIT */
/* `ctrace report`: a capture file to any output, without privileges, on any host. */
#include "cli/commands.h"
#include "cli/outputs.h"
#include "cli/report_options.h"
#include "cli/report_pipeline.h"
#include "cli/run_figures.h"
#include "cli/stats_json.h"
#include "cli/summary.h"
#include "common/log.h"
#include "common/safe_open.h"
#include "flamegraph/capture.h"

#include <errno.h>
#include <string.h>

struct report_arguments {
	struct report_options report;
	const char *capture_path;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct report_arguments *args = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &args->report;
		return 0;
	case ARGP_KEY_ARG:
		if (args->capture_path)
			argp_error(state, "one capture at a time: '%s' is too many", arg);
		args->capture_path = arg;
		return 0;
	case ARGP_KEY_END:
		if (!args->capture_path)
			argp_error(state, "no capture file given");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char examples[] =
	"\nEXAMPLES\n"
	"  ctrace report run.ctrace                        ctrace.folded and ctrace.svg\n"
	"  ctrace report run.ctrace -o run.svg --per-process\n"
	"  ctrace report run.ctrace -o - | grep malloc\n";

static char *filter_help(int key, const char *text, void *input)
{
	(void)input;
	if (key == ARGP_KEY_HELP_EXTRA)
		return report_help_extra(NULL, true, examples);
	return (char *)(uintptr_t)text;
}

static const struct argp_child children[] = {{.argp = &report_options_argp, .header = ""}, {0}};

static const struct argp report_argp = {
	.parser = parse_option,
	.args_doc = "CAPTURE",
	.doc = "Draws a recording that was kept with -o NAME.ctrace; - reads it from standard "
	       "input.  Needs no privileges.\v",
	.children = children,
	.help_filter = filter_help,
};

static int read_capture(const char *path, struct capture **ret_capture)
{
	bool is_stdin = !strcmp(path, "-");
	_cleanup_fclose_ FILE *opened = is_stdin ? NULL : safe_fopen_input(path);
	int err;

	if (!is_stdin && !opened)
		return log_errno(errno, "cannot open '%s'", path);
	err = capture_read(is_stdin ? stdin : opened, ret_capture);
	switch (err) {
	case 0:
		return 0;
	case -ENOEXEC:
		log_error("'%s' is not a ctrace capture", path);
		log_hint("folded stacks and pictures are drawn by: ctrace flamegraph %s", path);
		return err;
	case -EPROTONOSUPPORT:
		log_error("'%s' was written by a newer ctrace", path);
		return err;
	case -EBADMSG:
		log_error("'%s' is damaged", path);
		return err;
	default:
		return log_errno(err, "cannot read '%s'", path);
	}
}

/* Threads are told apart while recording or not at all. */
static void warn_of_missing_threads(const struct report_options *options,
				    const struct capture *capture)
{
	size_t nr;
	const struct capture_stack *stacks = capture_stacks(capture, &nr);

	if (!options->per_thread || !nr || stacks[0].tid)
		return;
	log_warning("this capture does not tell threads apart; record it with --per-thread");
}

static int report(const struct report_arguments *args)
{
	_cleanup_(capture_freep) struct capture *capture = NULL;
	_cleanup_(outputs_freep) struct outputs *outputs = NULL;
	_cleanup_(output_file_freep) struct output_file *stats_file = NULL;
	_cleanup_(report_outcome_release) struct report_outcome outcome = {0};
	_cleanup_free_ char *written = NULL;
	struct run_figures figures;
	int err;

	if (read_capture(args->capture_path, &capture) < 0)
		return EXIT_FAILED;
	warn_of_missing_threads(&args->report, capture);
	if (outputs_open(&args->report, &outputs) < 0 ||
	    stats_json_open(args->report.stats_path, &stats_file) < 0)
		return EXIT_FAILED;
	run_figures_from_capture(capture, &figures);
	err = report_write(capture, NULL, &args->report, outputs, &outcome);
	figures.symbols = outcome.symbols;
	/* One output that fails takes no other with it. */
	if (stats_file) {
		int stats_err = stats_json_write(&figures, stats_file);

		err = err < 0 ? err : stats_err;
	}
	written = outputs_describe(outputs);
	if (err < 0 && !*written)
		return EXIT_FAILED;
	summary_print(&figures, outcome.hottest, written);
	if (args->report.open)
		outputs_show(outputs);
	return err < 0 ? EXIT_FAILED : 0;
}

int cmd_report(int argc, char **argv)
{
	struct report_arguments args = {0};
	int status;

	report_options_init(&args.report);
	argp_parse(&report_argp, argc, argv, 0, NULL, &args);
	status = report(&args);
	report_options_release(&args.report);
	return status;
}
