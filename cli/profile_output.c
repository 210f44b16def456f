/* SPDX-License-Identifier: MIT */
#include "cli/profile_output.h"

#include "cli/output_file.h"
#include "cli/pager.h"
#include "cli/picture_show.h"
#include "cli/report_options.h"
#include "common/log.h"
#include "flamegraph/empty_picture.h"
#include "flamegraph/format.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#define KEY_OPEN 0x4000

static const struct argp_option options[] = {
	{"output", 'o', "FILE", 0,
	 "Write here, - is standard output; the suffix chooses the format "
	 "(default: SVG on standard output)",
	 0},
	{"format", 'f', "FORMAT", 0, "Format, whatever the suffix", 0},
	{"open", KEY_OPEN, NULL, 0, "Show the picture in the browser (xdg-open)", 0},
	{0}};

static bool is_stdout(const struct profile_output *output)
{
	return !output->path || !strcmp(output->path, "-");
}

static void settle(struct profile_output *output, struct argp_state *state)
{
	if (!output->format && output->path)
		output->format = format_by_suffix(output->path);
	if (!output->format)
		output->format = format_by_name("svg");
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
	case ARGP_KEY_SUCCESS:
		settle(output, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp profile_output_argp = {.options = options, .parser = parse_option};

static int write_stream(const struct profile_output *output, const struct profile *profile,
			const struct format_options *graph)
{
	_cleanup_(output_file_freep) struct output_file *file = NULL;
	bool no_data;
	int err = output_file_open(is_stdout(output) ? "-" : output->path, &file);

	if (err < 0)
		return err;
	errno = 0;
	err = output->format->write(profile, graph, output_file_stream(file));
	/* A writer sees only that its stream failed; why is in errno. */
	if (err == -EIO && errno)
		err = -errno;
	no_data = err == -ENODATA && output->format == format_by_name("svg");
	if (no_data)
		err = empty_picture_write(profile, graph, output_file_stream(file));
	if (!err)
		err = output_file_finish(file);
	if (!err)
		err = output_file_commit(file);
	return !err && no_data ? -ENODATA : err;
}

int profile_output_write(const struct profile_output *output, const struct profile *profile,
			 const struct format_options *graph)
{
	_cleanup_(pager_finishp) struct pager *pager = NULL;
	struct format_options paged = *graph;
	int err;

	/* A closed pipe is an error to report, not a death without a word. */
	signal(SIGPIPE, SIG_IGN);
	if (is_stdout(output) && report_format_is_text(output->format))
		pager = pager_start();
	paged.paged = pager != NULL;
	err = write_stream(output, profile, &paged);
	if (err == -ENODATA || (err == -EPIPE && pager))
		return err == -EPIPE ? 0 : err;
	if (err < 0)
		return log_errno(err, "cannot write '%s'",
				 is_stdout(output) ? "standard output" : output->path);
	if (output->open)
		picture_show(output->path);
	return 0;
}
