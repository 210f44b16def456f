/* SPDX-License-Identifier: MIT */
#include "cli/outputs.h"

#include "cli/output_file.h"
#include "cli/pager.h"
#include "cli/picture_show.h"
#include "common/alloc.h"
#include "common/log.h"
#include "flamegraph/capture.h"
#include "flamegraph/empty_picture.h"
#include "flamegraph/profile.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

struct outputs {
	const struct report_options *options;
	struct output_file **files; /* one each of options->outputs */
	bool *written;		    /* shared with the child that writes */
	size_t nr;
	struct pager *pager; /* while text is written to standard output, and it is a terminal */
};

static const char *name_for_user(const struct output_file *file)
{
	return output_file_is_stdout(file) ? "standard output" : output_file_path(file);
}

static int log_refusal(int err, const char *name)
{
	log_error("cannot write '%s': %s", name, output_file_error(err));
	return err;
}

int outputs_open(const struct report_options *options, struct outputs **ret_outputs)
{
	_cleanup_(outputs_freep) struct outputs *outputs = xcalloc(1, sizeof(*outputs));

	outputs->options = options;
	outputs->files = xcalloc(options->nr_outputs, sizeof(struct output_file *));
	outputs->written = xcalloc(options->nr_outputs, sizeof(bool));
	outputs->nr = options->nr_outputs;
	for (size_t i = 0; i < outputs->nr; i++) {
		const char *path = options->outputs[i].path;
		int err = output_file_open(path, &outputs->files[i]);

		if (err < 0)
			return log_refusal(err, path);
	}
	*ret_outputs = TAKE_PTR(outputs);
	return 0;
}

void outputs_free(struct outputs *outputs)
{
	if (!outputs)
		return;
	for (size_t i = 0; i < outputs->nr; i++)
		output_file_free(outputs->files[i]);
	free(outputs->files);
	free(outputs->written);
	free(outputs);
}

static const struct format *output_format(const struct outputs *outputs, size_t i)
{
	return outputs->options->outputs[i].format;
}

static bool is_capture(const struct outputs *outputs, size_t i)
{
	return output_format(outputs, i) == &report_format_capture;
}

bool outputs_need_profile(const struct outputs *outputs)
{
	for (size_t i = 0; i < outputs->nr; i++) {
		if (!is_capture(outputs, i))
			return true;
	}
	return false;
}

static int write_one(const struct outputs *outputs, size_t i, const struct capture *capture,
		     const struct profile *profile)
{
	struct output_file *file = outputs->files[i];
	struct format_options graph = outputs->options->graph;
	int err, finished;

	if (!profile && !is_capture(outputs, i))
		return -ENODATA;
	errno = 0;
	graph.paged = outputs->pager != NULL;
	if (is_capture(outputs, i))
		err = capture_write(capture, output_file_stream(file));
	else
		err = output_format(outputs, i)->write(profile, &graph, output_file_stream(file));
	/* Whoever expects a picture gets one that says why it is none. */
	if (err == -ENODATA && output_format(outputs, i) == format_by_name("svg"))
		err = empty_picture_write(profile, &graph, output_file_stream(file));
	/* A writer sees only that its stream failed; why is in errno. */
	if (err == -EIO && errno)
		err = -errno;
	/* No stacks are no lines, but they are no picture. */
	if (err == -ENODATA && output_format(outputs, i) == format_by_name("folded"))
		err = 0;
	finished = output_file_finish(file);
	/* Whoever leaves a pager early has seen enough. */
	if (outputs->pager && (err == -EPIPE || finished == -EPIPE))
		return 0;
	return err < 0 ? err : finished;
}

/* Only now: until here standard output was the program's too. */
static int begin_paging(struct outputs *outputs, size_t i)
{
	struct output_file *file;
	int err;

	if (!output_file_is_stdout(outputs->files[i]) ||
	    !report_format_is_text(output_format(outputs, i)))
		return 0;
	outputs->pager = pager_start();
	if (!outputs->pager)
		return 0;
	err = output_file_open("-", &file);
	if (err < 0)
		return err;
	output_file_free(outputs->files[i]);
	outputs->files[i] = file;
	return 0;
}

/* All that can be written is: a full disk may still have room for the smaller ones. */
static int write_all(struct outputs *outputs, const struct capture *capture,
		     const struct profile *profile)
{
	int first_error = 0;

	for (size_t i = 0; i < outputs->nr; i++) {
		int err = begin_paging(outputs, i);

		if (!err)
			err = write_one(outputs, i, capture, profile);
		pager_finish(TAKE_PTR(outputs->pager));
		outputs->written[i] = !err;
		if (!err || err == -ENODATA)
			continue;
		log_refusal(err, name_for_user(outputs->files[i]));
		output_file_discard(outputs->files[i]);
		if (!first_error)
			first_error = err;
	}
	return first_error;
}

/* Whoever has a picture of a good run has more of it than of one that says there was none. */
static bool keeps_old(const struct outputs *outputs, size_t i, const struct capture *capture)
{
	size_t nr;

	capture_stacks(capture, &nr);
	if (nr || !output_file_would_replace(outputs->files[i]))
		return false;
	log_warning("'%s' is kept as it was: there is nothing new to put in its place",
		    output_file_path(outputs->files[i]));
	return true;
}

static int commit(struct outputs *outputs, const struct capture *capture)
{
	int first_error = 0;

	for (size_t i = 0; i < outputs->nr; i++) {
		int err;

		if (!outputs->written[i])
			continue;
		if (keeps_old(outputs, i, capture)) {
			outputs->written[i] = false;
			continue;
		}
		err = output_file_commit(outputs->files[i]);
		if (err < 0) {
			log_refusal(err, output_file_path(outputs->files[i]));
			outputs->written[i] = false;
			if (!first_error)
				first_error = err;
		}
	}
	return first_error;
}

int outputs_write(struct outputs *outputs, const struct capture *capture,
		  const struct profile *profile)
{
	int err, committed;

	/* A closed pipe is an error to report, not a death without a word. */
	signal(SIGPIPE, SIG_IGN);
	err = write_all(outputs, capture, profile);
	committed = commit(outputs, capture);
	return err < 0 ? err : committed;
}

void outputs_show(const struct outputs *outputs)
{
	for (size_t i = 0; i < outputs->nr; i++) {
		if (outputs->written[i] && report_format_is_picture(output_format(outputs, i)) &&
		    !output_file_is_stdout(outputs->files[i])) {
			picture_show(output_file_path(outputs->files[i]));
			return;
		}
	}
}

char *outputs_describe(const struct outputs *outputs)
{
	char *text = xstrdup("");

	for (size_t i = 0; i < outputs->nr; i++) {
		char *longer;

		if (!outputs->written[i] || output_file_is_stdout(outputs->files[i]))
			continue;
		longer = xasprintf("%s%s%s", text, *text ? ", " : "",
				   output_file_path(outputs->files[i]));
		free(text);
		text = longer;
	}
	return text;
}
