/* SPDX-License-Identifier: MIT */
#include "symbolize/resolve_child.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/intern.h"
#include "common/log.h"
#include "symbolize/answer_wire.h"
#include "symbolize/frame_builder.h"
#include "symbolize/named_file.h"
#include "symbolize/object_files.h"
#include "symbolize/sandbox.h"

#include <errno.h>
#include <string.h>

#define DEFAULT_TIMEOUT_MS 120000

/* What the child gets by being a copy of us. */
struct child_work {
	struct resolve_request request;
	struct symbolize_address *addrs;
	size_t nr;
	struct sandbox *sandbox;
};

static int open_from_child(const void *arg, const char *path)
{
	const struct child_work *work = arg;

	return sandbox_open(work->sandbox, path);
}

static void run_in_child(struct sandbox *sandbox, void *arg, uint8_t **ret_answer, size_t *ret_size)
{
	struct child_work *work = arg;
	struct dwarf_opener opener = {.open = open_from_child, .arg = work};
	struct resolve_outcome outcome;
	int err = sandbox_lock(sandbox);

	if (err)
		log_debug("symbolizing child keeps some rights: %s", strerror(-err));
	work->sandbox = sandbox;
	work->request.opener = &opener;
	/* Frames of an attempt before are the parent's. */
	for (size_t i = 0; i < work->nr; i++)
		work->addrs[i].frames = NULL;
	resolve_addresses(&work->request, work->addrs, work->nr, &outcome);
	answer_wire_write(work->addrs, work->nr, &outcome, ret_answer, ret_size);
}

static int try_child(const struct resolve_request *request, struct symbolize_address *addrs,
		     size_t nr, struct resolve_outcome *ret_outcome)
{
	struct child_work work = {.request = *request, .addrs = addrs, .nr = nr};
	struct sandbox_job job = {
		.run = run_in_child,
		.arg = &work,
		.open = named_file_open,
		.open_arg = request->options->root,
		.timeout_ms = request->options->timeout_ms ? request->options->timeout_ms
							   : DEFAULT_TIMEOUT_MS,
	};
	_cleanup_free_ uint8_t *answer = NULL;
	size_t size;
	int err;

	err = sandbox_run(&job, &answer, &size);
	if (err)
		return err;
	return answer_wire_read(answer, size, request->strings, addrs, nr, ret_outcome);
}

static const char *failure_text(int err)
{
	switch (err) {
	case -ETIME:
		return "took too long";
	case -ECHILD:
		return "crashed its reader";
	default:
		return strerror(-err);
	}
}

void resolve_in_child(const struct resolve_request *request, struct symbolize_address *addrs,
		      size_t nr, struct resolve_outcome *ret_outcome)
{
	struct symbolize_options options = *request->options;
	struct resolve_request plain = *request;
	_cleanup_free_ char *source = NULL;
	int err, plain_err;

	err = try_child(request, addrs, nr, ret_outcome);
	if (!err)
		return;
	log_debug("%s: debug information %s", request->files->path, failure_text(err));
	options.inlines = false;
	options.lines = false;
	options.timeout_ms = 0;
	plain.options = &options;
	plain_err = try_child(&plain, addrs, nr, ret_outcome);
	for (size_t i = 0; plain_err && i < nr; i++)
		frame_builder_set_module(request->strings, request->files->path, &addrs[i]);
	source = xasprintf("%s; debug information %s",
			   plain_err ? "no symbols" : ret_outcome->source, failure_text(err));
	ret_outcome->source = intern_string(request->strings, source);
	ret_outcome->is_complete = false;
}
