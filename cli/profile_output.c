/* SPDX-License-Identifier: MIT */
#include "cli/profile_output.h"

#include "cli/output_file.h"
#include "cli/pager.h"
#include "cli/picture_show.h"
#include "cli/report_format.h"
#include "common/alloc.h"
#include "common/log.h"
#include "flamegraph/empty_picture.h"
#include "flamegraph/format.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_OPEN 0x4000

static const struct argp_option options[] = {
	{"output", 'o', "FILE", 0,
	 "Write here, - is standard output; the suffix chooses the format "
	 "(default: SVG on standard output, or a file if that is a terminal)",
	 0},
	{"format", 'f', "FORMAT", 0, "Format, whatever the suffix", 0},
	{"open", KEY_OPEN, NULL, 0, "Show the picture in the browser (xdg-open)", 0},
	{"quiet", 'q', NULL, 0, "Print only errors", 0},
	{0}};

static bool is_stdout(const struct profile_output *output)
{
	return !output->path || !strcmp(output->path, "-");
}

/* Markup and bytes, on a screen, help nobody. */
static bool is_readable(const struct format *format)
{
	return report_format_is_text(format) || format == format_by_name("folded") ||
	       format == format_by_name("csv");
}

static void choose_format(struct profile_output *output, struct argp_state *state)
{
	if (!is_stdout(output)) {
		report_format_reject_directory(output->path, state);
		if (!output->format)
			output->format = report_format_by_path(output->path, false, state);
	}
	if (!output->format)
		output->format = format_by_name("svg");
}

static void choose_path(struct profile_output *output)
{
	if (output->path || is_readable(output->format) || !isatty(STDOUT_FILENO))
		return;
	output->default_path = xasprintf("%s%s", output->stem, output->format->suffix);
	output->path = output->default_path;
}

static void settle(struct profile_output *output, struct argp_state *state)
{
	choose_format(output, state);
	choose_path(output);
	if (!output->open)
		return;
	if (is_stdout(output))
		argp_error(state, "--open needs a file: -o FILE");
	else if (!report_format_is_picture(output->format))
		argp_error(state, "--open shows pictures (.svg, .html), and '%s' is none",
			   output->path);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct profile_output *output = state->input;

	switch (key) {
	case 'o':
		output->path = arg;
		return 0;
	case 'f':
		output->format = report_format_by_name(arg, false, state);
		return 0;
	case KEY_OPEN:
		output->open = true;
		return 0;
	case 'q':
		log_set_level(LOG_QUIET);
		return 0;
	case ARGP_KEY_SUCCESS:
		settle(output, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp profile_output_argp = {.options = options, .parser = parse_option};

static bool same_file(const char *a, const char *b)
{
	struct stat first, second;

	return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

int profile_output_begin(struct profile_output *output, const char *const *inputs, size_t nr)
{
	int err;

	for (size_t i = 0; i < nr && output->default_path; i++) {
		if (!same_file(output->default_path, inputs[i]))
			continue;
		log_error("'%s' is read: name another file to write with -o", output->path);
		return -EEXIST;
	}
	if (is_stdout(output))
		return 0;
	err = output_file_open(output->path, &output->file);
	return err < 0 ? log_errno(err, "cannot write '%s'", output->path) : 0;
}

/* That there is nothing is told by a picture, but not over one that shows something. */
static int write_nothing(const struct profile_output *output, const struct profile *profile,
			 const struct format_options *graph)
{
	if (output->format != format_by_name("svg"))
		return -ENODATA;
	if (!is_stdout(output) && access(output->path, F_OK) == 0) {
		log_info("'%s' is left as it was", output->path);
		return -ENODATA;
	}
	return empty_picture_write(profile, graph, output_file_stream(output->file));
}

static int write_stream(const struct profile_output *output, const struct profile *profile,
			const struct format_options *graph)
{
	bool no_data;
	int err;

	errno = 0;
	err = output->format->write(profile, graph, output_file_stream(output->file));
	/* A writer sees only that its stream failed; why is in errno. */
	if (err == -EIO && errno)
		err = -errno;
	no_data = err == -ENODATA;
	if (no_data)
		err = write_nothing(output, profile, graph);
	if (!err)
		err = output_file_finish(output->file);
	if (!err)
		err = output_file_commit(output->file);
	return !err && no_data ? -ENODATA : err;
}

/* Standard output is opened late: what a pager reads is another one. */
static int write_paged(struct profile_output *output, const struct profile *profile,
		       const struct format_options *graph)
{
	_cleanup_(pager_finishp) struct pager *pager = NULL;
	struct format_options paged = *graph;
	int err = 0;

	if (is_stdout(output)) {
		pager = report_format_is_text(output->format) ? pager_start() : NULL;
		err = output_file_open("-", &output->file);
	}
	paged.paged = pager != NULL;
	if (!err)
		err = write_stream(output, profile, &paged);
	output_file_free(TAKE_PTR(output->file));
	/* Whoever leaves a pager early has seen enough. */
	return err == -EPIPE && pager ? 0 : err;
}

int profile_output_write(struct profile_output *output, const struct profile *profile,
			 const struct format_options *graph)
{
	int err;

	/* A closed pipe is an error to report, not a death without a word. */
	signal(SIGPIPE, SIG_IGN);
	err = write_paged(output, profile, graph);
	if (err == -ENODATA)
		return err;
	if (err < 0) {
		log_error("cannot write '%s': %s",
			  is_stdout(output) ? "standard output" : output->path,
			  output_file_error(err));
		return err;
	}
	if (!is_stdout(output))
		log_info("wrote %s", output->path);
	if (output->open)
		picture_show(output->path);
	return 0;
}

void profile_output_release(struct profile_output *output)
{
	output_file_free(output->file);
	free(output->default_path);
}
