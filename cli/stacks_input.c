/* SPDX-License-Identifier: MIT */
#include "cli/stacks_input.h"

#include "cli/report_options.h"
#include "cli/report_pipeline.h"
#include "common/alloc.h"
#include "common/log.h"
#include "common/safe_open.h"
#include "flamegraph/capture.h"
#include "flamegraph/capture_file.h"
#include "flamegraph/folded_read.h"
#include "flamegraph/foreign_text.h"
#include "flamegraph/page_read.h"
#include "flamegraph/profile.h"
#include "flamegraph/profile_merge.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COPY_BYTES 65536

struct input {
	const char *path; /* or what standard input is called */
	const struct stacks_options *options;
	FILE *file;
	bool is_stdin;
};

/* The cure is told with the file's own name in it. */
static void hint_at(const struct input *input, const char *cure)
{
	const char *file = strstr(cure, "FILE");

	if (!file || input->is_stdin)
		log_hint("%s", cure);
	else
		log_hint("%.*s%s%s", (int)(file - cure), cure, input->path, file + strlen("FILE"));
}

static void report_bad_lines(const struct input *input, const struct folded_report *report)
{
	if (!report->stacks) {
		log_warning("'%s': no line ends in a count", input->path);
		log_hint("folded stacks are lines such as 'main;read;vfs_read 12'");
		return;
	}
	log_warning("'%s': %" PRIu64 " of %" PRIu64
		    " lines are no stacks with a count and were left out, the first is line "
		    "%" PRIu64,
		    input->path, report->bad_lines, report->lines, report->first_bad_line);
}

static void report_comparison(const struct input *input, bool can_be_names)
{
	if (input->options->one_side)
		log_warning("'%s' is a comparison itself: only its second counts are taken",
			    input->path);
	else
		log_info("'%s': read as a comparison: two counts a line, before and after",
			 input->path);
	if (can_be_names && input->options->folded.counts == FOLDED_COUNTS_GUESS)
		log_hint("--counts 1 takes the first number for a part of the name");
}

static int report_lines(const struct input *input, const struct folded_report *report)
{
	if (report->bad_lines && input->options->strict) {
		log_error("'%s' line %" PRIu64 ": no count at the end", input->path,
			  report->first_bad_line);
		return -EBADMSG;
	}
	if (report->bad_lines)
		report_bad_lines(input, report);
	if (report->fractions && report->rounded) {
		log_warning("'%s': counts have fractions; they are added up as they are, and the "
			    "sums of %" PRIu64 " stacks were rounded",
			    input->path, report->rounded);
		log_hint("--factor 1000 keeps three more digits");
	}
	if (report->has_before && report->stacks)
		report_comparison(input, true);
	if (report->is_perf_script && report->stacks)
		log_info("'%s': read as what perf script prints, %" PRIu64 " sample%s", input->path,
			 report->stacks, report->stacks == 1 ? "" : "s");
	if (report->other_events)
		log_warning("'%s': %" PRIu64 " sample%s of other events than the first left out",
			    input->path, report->other_events,
			    report->other_events == 1 ? "" : "s");
	return report->stacks ? 0 : -ENODATA;
}

static int read_folded(const struct input *input, struct profile *profile)
{
	struct folded_report report;
	int err = folded_read(input->file, profile, &input->options->folded, &report);

	if (report.foreign) {
		log_error("'%s' is %s, not folded stacks", input->path, report.foreign->what);
		hint_at(input, report.foreign->cure);
		return err;
	}
	if (err < 0)
		return log_errno(err, "cannot read '%s'", input->path);
	return report_lines(input, &report);
}

static int report_page(const struct input *input, int err)
{
	if (err == -ENOEXEC)
		log_error("'%s' is not a picture of ctrace's: the stacks it was drawn from are "
			  "not in it",
			  input->path);
	else if (err == -EBADMSG)
		log_error("'%s' is damaged", input->path);
	else
		log_errno(err, "cannot read '%s'", input->path);
	return err;
}

static int read_page(const struct input *input, struct profile *profile)
{
	_cleanup_free_ char *text = NULL;
	struct page_report report;
	size_t nr = 0, cap = 0, got;
	int err;

	do {
		if (nr > PAGE_READ_MAX)
			return report_page(input, -E2BIG);
		if (cap - nr < COPY_BYTES) {
			cap = cap * 2 + COPY_BYTES;
			text = xreallocarray(text, cap, 1);
		}
		got = fread(text + nr, 1, cap - nr, input->file);
		nr += got;
	} while (got);
	err = ferror(input->file) ? -EIO : page_read(text, nr, profile, &report);
	if (err < 0)
		return report_page(input, err);
	if (report.has_before && input->options->one_side)
		report_comparison(input, false);
	if (report.is_pruned)
		log_warning("'%s' does not hold its lightest frames: they count as pruned",
			    input->path);
	return 0;
}

static int name_capture(const struct input *input, struct capture *capture, struct profile *into)
{
	_cleanup_(profile_freep) struct profile *profile = NULL;
	struct report_options report;
	struct symbol_figures figures;
	int err;

	report_options_init(&report);
	err = report_build_profile(capture, NULL, &report, &profile, &figures);
	report_options_release(&report);
	if (!err)
		err = profile_add_all(into, profile);
	if (err < 0)
		return log_errno(err, "cannot add up '%s'", input->path);
	profile_set_info(into, capture_info(capture));
	return profile_total(profile) ? 0 : -ENODATA;
}

static int read_capture(const struct input *input, struct profile *profile,
			struct capture **ret_capture)
{
	int err = capture_read(input->file, ret_capture);

	switch (err) {
	case 0:
		return name_capture(input, *ret_capture, profile);
	case -EPROTONOSUPPORT:
		log_error("'%s' was written by a newer ctrace", input->path);
		return err;
	case -EBADMSG:
		log_error("'%s' is damaged", input->path);
		return err;
	default:
		return log_errno(err, "cannot read '%s'", input->path);
	}
}

/* What cannot be read twice, a pipe, is kept in a file without a name. */
static int make_seekable(struct input *input, FILE **ret_copy)
{
	_cleanup_fclose_ FILE *copy = NULL;
	char buffer[COPY_BYTES];
	size_t nr;

	if (!fseek(input->file, 0, SEEK_CUR))
		return 0;
	copy = tmpfile();
	if (!copy)
		return log_errno(errno, "cannot keep what comes from '%s'", input->path);
	while ((nr = fread(buffer, 1, sizeof(buffer), input->file)) > 0) {
		if (fwrite(buffer, 1, nr, copy) != nr)
			return log_errno(errno, "cannot keep what comes from '%s'", input->path);
	}
	rewind(copy);
	input->file = *ret_copy = TAKE_PTR(copy);
	return 0;
}

/* "<svg", "<!doctype html" or "<?xml" begin a page; "<unknown>;main 5" begins a stack. */
static bool begins_page(const char *text)
{
	return !strncasecmp(text, "<svg", 4) || !strncasecmp(text, "<!doctype", 9) ||
	       !strncasecmp(text, "<?xml", 5) || !strncasecmp(text, "<html", 5);
}

static int read_marked(struct input *input, struct profile *profile, struct capture **ret_capture)
{
	_cleanup_fclose_ FILE *copy = NULL;
	char head[16] = "";
	int err = make_seekable(input, &copy);

	if (err < 0)
		return err;
	if (fread(head, 1, sizeof(head) - 1, input->file) && fseek(input->file, 0, SEEK_SET) < 0)
		return log_errno(errno, "cannot read '%s'", input->path);
	if (begins_page(head))
		return read_page(input, profile);
	if (!memcmp(head, CAPTURE_MAGIC, CAPTURE_MAGIC_SIZE))
		return read_capture(input, profile, ret_capture);
	return read_folded(input, profile);
}

int stacks_input_read(const char *path, const struct stacks_options *options,
		      struct profile *profile, struct capture **ret_capture)
{
	bool is_stdin = !strcmp(path, "-");
	_cleanup_fclose_ FILE *opened = is_stdin ? NULL : safe_fopen_input(path);
	struct input input = {
		.path = is_stdin ? "standard input" : path,
		.options = options,
		.file = is_stdin ? stdin : opened,
		.is_stdin = is_stdin,
	};
	int first;

	*ret_capture = NULL;
	if (!input.file)
		return log_errno(errno, "cannot open '%s'", path);
	if (is_stdin && isatty(STDIN_FILENO))
		log_info("reading folded stacks from the terminal; Ctrl-D ends them, Ctrl-C "
			 "leaves");
	/* Long streams of folded stacks are not kept: one byte tells what can only be those. */
	first = getc(input.file);
	if (first == EOF)
		return ferror(input.file) ? log_errno(errno, "cannot read '%s'", input.path)
					  : -ENODATA;
	ungetc(first, input.file);
	if (first != '<' && (char)first != CAPTURE_MAGIC[0])
		return read_folded(&input, profile);
	return read_marked(&input, profile, ret_capture);
}

enum folded_counts stacks_input_parse_counts(const char *text, struct argp_state *state)
{
	if (!strcmp(text, "1"))
		return FOLDED_COUNTS_ONE;
	if (strcmp(text, "2") != 0)
		argp_error(state, "--counts '%s': not 1 or 2", text);
	return FOLDED_COUNTS_TWO;
}
