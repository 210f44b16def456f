/* SPDX-License-Identifier: MIT */
/* `ctrace [record]`: launch, record, report, in one go. */
#include "cli/commands.h"
#include "cli/live_line.h"
#include "cli/outputs.h"
#include "cli/record_options.h"
#include "cli/report_pipeline.h"
#include "cli/rescue.h"
#include "cli/run_figures.h"
#include "cli/stats_json.h"
#include "cli/summary.h"
#include "common/alloc.h"
#include "common/log.h"
#include "flamegraph/capture.h"
#include "loader/interrupts.h"
#include "loader/limits.h"
#include "loader/record.h"
#include "loader/rights.h"
#include "loader/time.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static int status_of_program(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		return EXIT_SIGNAL_BASE + WTERMSIG(wait_status);
	return WEXITSTATUS(wait_status);
}

static bool has_ended(const struct record_result *result, int *ret_status, int flags)
{
	pid_t got;

	do
		got = waitpid(result->child, ret_status, flags);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		log_errno(errno, "cannot wait for the program");
	return got != 0;
}

/* The exit status is the program's own, so one that outlives the recording is waited for. */
static int wait_for_program(const struct record_result *result)
{
	int wait_status = result->wait_status;

	if (!result->launched)
		return 0;
	if (result->child_running) {
		wait_status = W_EXITCODE(EXIT_CTRACE_FAILED, 0);
		if (!has_ended(result, &wait_status, WNOHANG)) {
			log_info("the program goes on (pid %d): waiting for its exit status, "
				 "Ctrl-C ends that",
				 result->child);
			has_ended(result, &wait_status, 0);
		}
	}
	return status_of_program(wait_status);
}

/* Those the launched program has left behind. */
static void tell_who_goes_on(const struct record_arguments *args,
			     const struct record_result *result)
{
	if (!result->nr_left || result->child_running || result->interrupted)
		return;
	log_info("still running, and not recorded any more: %zu process%s it started%s",
		 result->nr_left, result->nr_left == 1 ? "" : "es",
		 args->record.duration_ns || args->record.wait_all
			 ? ""
			 : "; --wait-all records until the last one ends, -d 10s for up to 10 s");
}

static int finish_with_program(const struct record_arguments *args,
			       const struct record_result *result)
{
	tell_who_goes_on(args, result);
	return wait_for_program(result);
}

/* What giving up finds. */
struct last_words {
	const struct record_result *result;
	const struct report_options *options;
};

static void save_recording(void *arg)
{
	const struct last_words *words = arg;

	rescue_capture(words->result->capture, words->options);
}

static void say_goodbye(void *arg)
{
	const struct last_words *words = arg;

	if (words->result->child_running && kill(words->result->child, 0) == 0)
		log_warning("the program goes on (pid %d)", words->result->child);
}

static void find_files(const void *arg, const struct capture_object *object, int *ret_file,
		       int *ret_root)
{
	record_object_files(arg, object, ret_file, ret_root);
}

/* Before the summary, which says only that there is nothing. */
static void explain_silence(const struct record_result *result, size_t nr_probes)
{
	for (size_t i = 0; i < nr_probes; i++) {
		_cleanup_free_ char *reason = record_explain_silence(result, i);

		if (reason)
			log_warning("%s", reason);
	}
}

static int report(const struct record_arguments *args, struct outputs *outputs,
		  struct output_file *stats_file, const struct record_result *result)
{
	_cleanup_(report_outcome_release) struct report_outcome outcome = {0};
	_cleanup_free_ char *written = NULL;
	struct recorded_files files = {.find = find_files, .arg = result};
	struct run_figures figures;
	int err;

	run_figures_from_record(result, args->probes, args->nr_probes, &figures);
	err = report_write(result->capture, &files, &args->report, outputs, &outcome);
	figures.symbols = outcome.symbols;
	figures.finish_ns = time_now_ns() - result->end_time_ns;
	/* One output that fails takes no other with it. */
	if (stats_file) {
		int stats_err = stats_json_write(&figures, stats_file);

		err = err < 0 ? err : stats_err;
	}
	written = outputs_describe(outputs);
	if (err < 0 && !*written)
		return err;
	explain_silence(result, args->nr_probes);
	summary_print(&figures, outcome.hottest, written);
	if (args->report.open)
		outputs_show(outputs);
	return err;
}

/* @arg is where the live line is, NULL where it is not shown any more. */
static void show_progress(const struct record_progress *progress, void *arg)
{
	struct live_line **line = arg;
	_cleanup_free_ char *text = NULL;

	if (!progress) {
		live_line_free(TAKE_PTR(*line));
		return;
	}
	if (!*line)
		return;
	text = xasprintf("%" PRIu64 " samples, %zu stacks, %.1f%% complete, %" PRIu64 " lost",
			 progress->samples, progress->stacks,
			 progress->samples
				 ? 100.0 * (double)progress->complete / (double)progress->samples
				 : 100.0,
			 progress->lost);
	live_line_update(*line, text, progress->pids, progress->nr_pids, progress->nr_started);
}

/* Where ctrace failed, not the program: 126 is about the program's own rights. */
static void tell_missing_rights(int exit_status)
{
	_cleanup_free_ char *missing = rights_missing();

	if (missing && exit_status == EXIT_CTRACE_FAILED)
		log_hint("ctrace lacks %s; run it as `sudo ctrace ...`, or see ctrace doctor",
			 missing);
}

static int record_into(struct record_arguments *args, struct outputs *outputs,
		       struct output_file *stats_file, struct record_result *result)
{
	struct interrupts *interrupts = args->record.interrupts;
	struct last_words words = {result, &args->report};
	int exit_status = EXIT_CTRACE_FAILED;
	int err;

	err = record_run(&args->record, result, &exit_status);
	if (err == -EPERM || err == -EACCES)
		tell_missing_rights(exit_status);
	if (err < 0)
		return exit_status;
	interrupts_set_last_act(interrupts, save_recording, &words);
	err = report(args, outputs, stats_file, result);
	interrupts_set_last_act(interrupts, say_goodbye, &words);
	record_release(result);
	if (err < 0)
		exit_status = EXIT_CTRACE_FAILED;
	else
		exit_status = finish_with_program(args, result);
	/* The words are about to go. */
	interrupts_end(TAKE_PTR(args->record.interrupts));
	return exit_status;
}

static int record_and_report(struct record_arguments *args)
{
	_cleanup_(live_line_freep) struct live_line *line = NULL;
	_cleanup_(outputs_freep) struct outputs *outputs = NULL;
	_cleanup_(output_file_freep) struct output_file *stats_file = NULL;
	_cleanup_(capture_freep) struct capture *capture = NULL;
	struct record_result result = {0};
	int exit_status, err;

	if (outputs_open(&args->report, &outputs) < 0)
		return EXIT_CTRACE_FAILED;
	if (stats_json_open(args->report.stats_path, &stats_file) < 0)
		return EXIT_CTRACE_FAILED;
	err = interrupts_begin(&args->record.interrupts);
	if (err < 0) {
		_cleanup_free_ char *limit = limits_explain(err);

		log_errno(err, "cannot take signals");
		if (limit)
			log_hint("%s", limit);
		return EXIT_CTRACE_FAILED;
	}
	if (log_get_level() == LOG_NORMAL)
		line = live_line_new(STDERR_FILENO);
	args->record.on_progress = show_progress;
	args->record.progress_arg = &line;
	exit_status = record_into(args, outputs, stats_file, &result);
	interrupts_end(args->record.interrupts);
	capture = result.capture;
	return exit_status;
}

int cmd_record(int argc, char **argv)
{
	struct record_arguments args;
	int status;

	record_arguments_parse(argc, argv, &args);
	status = record_and_report(&args);
	record_arguments_release(&args);
	return status;
}
