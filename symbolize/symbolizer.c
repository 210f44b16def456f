/* SPDX-License-Identifier: MIT */
#include "symbolize/symbolizer.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/elf_image.h"
#include "common/intern.h"
#include "common/log.h"
#include "symbolize/answer_wire.h"
#include "symbolize/frame_builder.h"
#include "symbolize/named_file.h"
#include "symbolize/resolve.h"
#include "symbolize/sandbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_THREADS	   4 /* beyond that unpacking and memory are the limit, not the scan */
#define DEFAULT_TIMEOUT_MS 120000

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* 0, or why the image is not the wanted one. */
static int check_build(const struct elf_image *image, const struct build_id *id)
{
	struct build_id own;

	if (!id || id->size == 0)
		return 0;
	own = elf_image_build_id(image);
	return build_id_equal(&own, id) ? 0 : -ESTALE;
}

static unsigned int choose_threads(const struct symbolize_options *options)
{
	long nr = sysconf(_SC_NPROCESSORS_ONLN);

	if (options->nr_threads)
		return options->nr_threads;
	if (nr < 1)
		return 1;
	return nr > MAX_THREADS ? MAX_THREADS : (unsigned int)nr;
}

/* What the child gets by being a copy of us. */
struct child_work {
	struct resolve_request request;
	struct symbolize_address *addrs;
	size_t nr;
	struct sandbox *sandbox;
};

static const char *lock_child(void *arg)
{
	const struct child_work *work = arg;
	int err = sandbox_lock(work->sandbox);

	if (err)
		log_debug("symbolizing child keeps some rights: %s", strerror(-err));
	return err ? "read without a full sandbox" : NULL;
}

static int open_from_child(const void *arg, const char *path)
{
	const struct child_work *work = arg;

	return sandbox_open(work->sandbox, path);
}

static void run_in_child(struct sandbox *sandbox, void *arg, uint8_t **ret_answer, size_t *ret_size)
{
	struct child_work *work = arg;
	struct dwarf_opener opener = {.open = open_from_child, .arg = work};
	struct symbolize_stats stats = {0};

	work->sandbox = sandbox;
	work->request.opener = &opener;
	work->request.lock = lock_child;
	work->request.lock_arg = work;
	/* Frames of an attempt before are the parent's. */
	for (size_t i = 0; i < work->nr; i++)
		work->addrs[i].frames = NULL;
	resolve_addresses(&work->request, work->addrs, work->nr, &stats);
	answer_wire_write(work->addrs, work->nr, &stats, ret_answer, ret_size);
}

static int resolve_in_child(const struct resolve_request *request, struct symbolize_address *addrs,
			    size_t nr, struct symbolize_stats *stats)
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
	return answer_wire_read(answer, size, request->strings, addrs, nr, stats);
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

/* Full names first; if they cost the child its life, those of the symbol table alone. */
static void resolve_safely(const struct resolve_request *request, struct symbolize_address *addrs,
			   size_t nr, struct symbolize_stats *stats)
{
	struct symbolize_options options = *request->options;
	struct resolve_request plain = *request;
	_cleanup_free_ char *source = NULL;
	int err, plain_err;

	err = resolve_in_child(request, addrs, nr, stats);
	if (!err)
		return;
	log_debug("%s: %s", request->path, failure_text(err));
	options.inlines = false;
	options.lines = false;
	options.timeout_ms = 0;
	plain.options = &options;
	plain_err = resolve_in_child(&plain, addrs, nr, stats);
	for (size_t i = 0; plain_err && i < nr; i++)
		frame_builder_set_module(request->strings, request->path, &addrs[i]);
	source = xasprintf("%s; debug information %s", plain_err ? "no symbols" : stats->source,
			   failure_text(err));
	stats->source = intern_string(request->strings, source);
}

static void resolve_here(struct resolve_request *request, struct symbolize_address *addrs,
			 size_t nr, struct symbolize_stats *stats)
{
	struct dwarf_opener opener = {.open = named_file_open, .arg = request->options->root};

	request->opener = &opener;
	resolve_addresses(request, addrs, nr, stats);
}

static void count_frames(const struct symbolize_address *addrs, size_t nr,
			 struct symbolize_stats *stats)
{
	stats->addresses += nr;
	for (size_t i = 0; i < nr; i++)
		stats->inlined_frames += addrs[i].nr_frames - 1;
}

int symbolize_object(const char *path, const struct build_id *id, struct elf_image *image,
		     const struct symbolize_options *options, struct intern *strings,
		     struct symbolize_address *addrs, size_t nr, struct symbolize_stats *stats)
{
	_cleanup_(elf_image_closep) struct elf_image *opened = NULL;
	struct resolve_request request = {.path = path,
					  .options = options,
					  .strings = strings,
					  .nr_threads = choose_threads(options)};
	struct symbolize_stats own = {0};
	uint64_t start = now_ns();
	int err = 0;

	if (!image) {
		err = elf_image_open(path, &opened);
		image = opened;
	}
	if (!err)
		err = check_build(image, id);
	request.image = image;
	for (size_t i = 0; err && i < nr; i++)
		frame_builder_set_module(strings, path, &addrs[i]);
	if (!err && options->no_sandbox)
		resolve_here(&request, addrs, nr, &own);
	else if (!err && nr)
		resolve_safely(&request, addrs, nr, &own);
	count_frames(addrs, nr, &own);
	own.ns = now_ns() - start;
	if (stats)
		*stats = own;
	return err;
}

void symbolize_release(struct symbolize_address *addrs, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		free(addrs[i].frames);
		addrs[i].frames = NULL;
		addrs[i].nr_frames = 0;
	}
}

const char *symbolize_module_name(struct intern *strings, const char *path)
{
	_cleanup_free_ char *text = NULL;
	const char *slash;

	if (!path || !path[0])
		return intern_string(strings, "[unknown]");
	if (path[0] == '[')
		return intern_string(strings, path);
	slash = strrchr(path, '/');
	text = xasprintf("[%s]", slash && slash[1] ? slash + 1 : path);
	return intern_string(strings, text);
}
