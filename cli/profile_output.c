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
	 "Write here, - is standard output; the suffix chooses the format; repeatable "
	 "(default: SVG on standard output, or a file if that is a terminal)",
	 0},
	{"format", 'f', "FORMAT", 0, "Format, whatever the suffix", 0},
	{"open", KEY_OPEN, NULL, 0, "Show the picture in the browser (xdg-open)", 0},
	{"quiet", 'q', NULL, 0, "Print only errors", 0},
	{0}};

static bool is_stdout(const struct profile_target *target)
{
	return !strcmp(target->path, "-");
}

/* Markup and bytes, on a screen, help nobody. */
static bool is_readable(const struct format *format)
{
	return report_format_is_text(format) || format == format_by_name("folded") ||
	       format == format_by_name("csv");
}

static void add_target(struct profile_output *output, const char *path)
{
	GROW_ARRAY(output->targets, output->nr, output->cap);
	output->targets[output->nr++] = (struct profile_target){.path = path};
}

static void add_default(struct profile_output *output)
{
	const struct format *format = output->format ? output->format : format_by_name("svg");

	if (isatty(STDOUT_FILENO) && !is_readable(format))
		output->default_path = xasprintf("%s%s", output->stem, format->suffix);
	add_target(output, output->default_path ? output->default_path : "-");
}

static void choose_format(const struct profile_output *output, struct profile_target *target,
			  struct argp_state *state)
{
	target->format = output->format;
	if (!is_stdout(target)) {
		report_format_reject_directory(target->path, state);
		if (!target->format)
			target->format = report_format_by_path(target->path, false, state);
	}
	if (!target->format)
		target->format = format_by_name("svg");
}

static const struct profile_target *first_picture(const struct profile_output *output)
{
	for (size_t i = 0; i < output->nr; i++) {
		if (!is_stdout(&output->targets[i]) &&
		    report_format_is_picture(output->targets[i].format))
			return &output->targets[i];
	}
	return NULL;
}

static void settle(struct profile_output *output, struct argp_state *state)
{
	if (!output->nr)
		add_default(output);
	for (size_t i = 0; i < output->nr; i++) {
		choose_format(output, &output->targets[i], state);
		for (size_t j = 0; j < i; j++) {
			if (!strcmp(output->targets[i].path, output->targets[j].path))
				argp_error(state, "-o '%s' is given twice",
					   output->targets[i].path);
		}
	}
	if (output->open && !first_picture(output))
		argp_error(state, "--open: no picture (.svg, .html) among the files to write: -o "
				  "FILE");
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct profile_output *output = state->input;

	switch (key) {
	case 'o':
		add_target(output, arg);
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
	for (size_t i = 0; i < nr && output->default_path; i++) {
		if (!same_file(output->default_path, inputs[i]))
			continue;
		log_error("'%s' is read: name another file to write with -o", output->default_path);
		return -EEXIST;
	}
	for (size_t i = 0; i < output->nr; i++) {
		struct profile_target *target = &output->targets[i];
		int err = is_stdout(target) ? 0 : output_file_open(target->path, &target->file);

		if (err < 0) {
			log_error("cannot write '%s': %s", target->path, output_file_error(err));
			return err;
		}
	}
	return 0;
}

/* That there is nothing is told by a picture, but not over one that shows something. */
static int write_nothing(const struct profile_target *target, const struct profile *profile,
			 const struct format_options *graph)
{
	if (target->format != format_by_name("svg"))
		return -ENODATA;
	if (output_file_would_replace(target->file)) {
		log_info("'%s' is left as it was", target->path);
		return -ENODATA;
	}
	return empty_picture_write(profile, graph, output_file_stream(target->file));
}

static int write_stream(const struct profile_target *target, const struct profile *profile,
			const struct format_options *graph)
{
	bool no_data;
	int err;

	errno = 0;
	err = target->format->write(profile, graph, output_file_stream(target->file));
	/* A writer sees only that its stream failed; why is in errno. */
	if (err == -EIO && errno)
		err = -errno;
	no_data = err == -ENODATA;
	if (no_data)
		err = write_nothing(target, profile, graph);
	if (!err)
		err = output_file_finish(target->file);
	if (!err)
		err = output_file_commit(target->file);
	return !err && no_data ? -ENODATA : err;
}

/* Standard output is opened late: what a pager reads is another one. */
static int write_paged(struct profile_target *target, const struct profile *profile,
		       const struct format_options *graph)
{
	_cleanup_(pager_finishp) struct pager *pager = NULL;
	struct format_options paged = *graph;
	int err = 0;

	if (is_stdout(target)) {
		pager = report_format_is_text(target->format) ? pager_start() : NULL;
		err = output_file_open("-", &target->file);
	}
	paged.paged = pager != NULL;
	if (!err)
		err = write_stream(target, profile, &paged);
	output_file_free(TAKE_PTR(target->file));
	/* Whoever leaves a pager early has seen enough. */
	return err == -EPIPE && pager ? 0 : err;
}

static int write_target(struct profile_target *target, const struct profile *profile,
			const struct format_options *graph)
{
	int err = write_paged(target, profile, graph);

	if (err == -ENODATA)
		return err;
	if (err < 0) {
		log_error("cannot write '%s': %s",
			  is_stdout(target) ? "standard output" : target->path,
			  output_file_error(err));
		return err;
	}
	if (!is_stdout(target))
		log_info("wrote %s", target->path);
	return 0;
}

int profile_output_write(struct profile_output *output, const struct profile *profile,
			 const struct format_options *graph)
{
	const struct profile_target *picture = output->open ? first_picture(output) : NULL;
	int first_error = 0;

	/* A closed pipe is an error to report, not a death without a word. */
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < output->nr; i++) {
		int err = write_target(&output->targets[i], profile, graph);

		if (err < 0 && picture == &output->targets[i])
			picture = NULL;
		if (err < 0 && (!first_error || first_error == -ENODATA))
			first_error = err;
	}
	if (picture)
		picture_show(picture->path);
	return first_error;
}

bool profile_output_all(const struct profile_output *output,
			bool (*is)(const struct format *format))
{
	for (size_t i = 0; i < output->nr; i++) {
		if (!is(output->targets[i].format))
			return false;
	}
	return true;
}

void profile_output_release(struct profile_output *output)
{
	for (size_t i = 0; i < output->nr; i++)
		output_file_free(output->targets[i].file);
	free(output->targets);
	free(output->default_path);
}
