/* SPDX-License-Identifier: MIT */
#include "symbolize/symbolizer.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/elf_image.h"
#include "common/intern.h"
#include "common/log.h"
#include "symbolize/debug_file.h"
#include "symbolize/frame_builder.h"
#include "symbolize/named_file.h"
#include "symbolize/object_files.h"
#include "symbolize/resolve_child.h"
#include "symbolize/split_dwarf.h"
#include "symbolize/symbol_cache.h"

#include <errno.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_THREADS 4 /* beyond that unpacking and memory are the limit, not the scan */

/* 0, or why the image is not the wanted one. */
static int check_build(const struct elf_image *image, const struct build_id *id)
{
	struct build_id own;

	if (!image)
		return -ENOENT;

	if (!id || id->size == 0)
		return 0;
	own = elf_image_build_id(image);
	return build_id_equal(&own, id) ? 0 : -ESTALE;
}

/* The debug file of an object that is not here itself has its symbols all the same. */
static int find_debug_file(const char *path, const struct build_id *id,
			   const struct symbolize_options *options, struct elf_image **ret_image)
{
	struct debug_search search = {
		.path = path, .root = options->root, .debug_dirs = options->debug_dirs};

	return debug_file_find_by_id(id, &search, ret_image);
}

static const char *note_stand_in(struct intern *strings, const char *source)
{
	_cleanup_free_ char *text = xasprintf("its debug file alone: %s", source ? source : "");

	return intern_string(strings, text);
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

static void resolve(struct resolve_request *request, struct symbolize_address *addrs, size_t nr,
		    struct resolve_outcome *ret_outcome)
{
	struct dwarf_opener opener = {.open = named_file_open, .arg = request->options->root};

	if (!request->options->no_sandbox) {
		resolve_in_child(request, addrs, nr, ret_outcome);
		return;
	}
	request->opener = &opener;
	resolve_addresses(request, addrs, nr, ret_outcome);
}

static struct symbol_cache_key make_key(const struct resolve_request *request)
{
	const struct symbolize_options *options = request->options;
	const char *path = request->files->path;
	uint32_t identity = object_files_identity(request->files);

	/* The name of the file is part of what code without a symbol is called. */
	return (struct symbol_cache_key){
		.id = elf_image_build_id(request->files->image),
		.identity = libdeflate_crc32(identity, path, strlen(path)),
		.inlines = options->inlines,
		.lines = options->lines,
		.demangle = options->demangle,
	};
}

/* Answers what the cache knows; returns how many are left, the indices of which go to @ret_left. */
static size_t answer_from_cache(const struct symbol_cache *cache, struct symbolize_address *addrs,
				size_t nr, size_t *ret_left)
{
	size_t nr_left = 0;

	for (size_t i = 0; i < nr; i++) {
		const struct symbolize_address *known = symbol_cache_find(cache,
									  symbolize_pc(&addrs[i]));

		if (!known) {
			ret_left[nr_left++] = i;
			continue;
		}
		free(addrs[i].frames);
		addrs[i].frames = xmemdup(known->frames, known->nr_frames * sizeof(*known->frames));
		addrs[i].nr_frames = known->nr_frames;
	}
	return nr_left;
}

/* Resolves the addresses at the indices @left and puts the answers in their places. */
static void resolve_left(struct resolve_request *request, struct symbolize_address *addrs,
			 const size_t *left, size_t nr_left, struct resolve_outcome *ret_outcome)
{
	_cleanup_free_ struct symbolize_address *some = xcalloc(nr_left + 1, sizeof(*some));

	for (size_t i = 0; i < nr_left; i++)
		some[i] = addrs[left[i]];
	resolve(request, some, nr_left, ret_outcome);
	for (size_t i = 0; i < nr_left; i++)
		addrs[left[i]] = some[i];
}

static void resolve_with_cache(struct resolve_request *request, struct symbolize_address *addrs,
			       size_t nr, struct resolve_outcome *ret_outcome)
{
	const char *module = intern_string(request->strings, request->files->path);
	_cleanup_(symbol_cache_freep) struct symbol_cache *cache = NULL;
	struct symbol_cache_key key = make_key(request);
	_cleanup_free_ size_t *left = NULL;
	_cleanup_free_ char *source = NULL;
	size_t nr_left;
	int err;

	if (symbol_cache_load(&key, request->strings, module, &cache) < 0) {
		resolve(request, addrs, nr, ret_outcome);
	} else {
		left = xcalloc(nr + 1, sizeof(*left));
		nr_left = answer_from_cache(cache, addrs, nr, left);
		source = xasprintf("%s; %zu of %zu addresses from the cache",
				   symbol_cache_source(cache), nr - nr_left, nr);
		ret_outcome->source = intern_string(request->strings, source);
		ret_outcome->is_complete = true;
		if (nr_left == 0)
			return;
		resolve_left(request, addrs, left, nr_left, ret_outcome);
	}
	if (!ret_outcome->is_complete)
		return;
	err = symbol_cache_store(&key, cache, addrs, nr, ret_outcome->source);
	if (err)
		log_debug("symbols of %s not cached: %s", request->files->path, strerror(-err));
}

static void resolve_object(const char *path, struct elf_image *image,
			   const struct symbolize_options *options, struct intern *strings,
			   struct symbolize_address *addrs, size_t nr,
			   struct symbolize_stats *stats)
{
	struct resolve_request request = {
		.options = options, .strings = strings, .nr_threads = choose_threads(options)};
	struct resolve_outcome outcome = {0};
	struct object_files files;

	object_files_find(image, path, options, &files);
	stats->fetch_ns = files.fetch_ns;
	request.files = &files;
	if (options->cache)
		resolve_with_cache(&request, addrs, nr, &outcome);
	else
		resolve(&request, addrs, nr, &outcome);
	stats->source = outcome.source;
	stats->is_damaged = !outcome.is_complete || files.has_refused;
	object_files_release(&files);
}

static void count_frames(const struct symbolize_address *addrs, size_t nr,
			 struct symbolize_stats *stats)
{
	stats->addresses = nr;
	for (size_t i = 0; i < nr; i++) {
		const struct frame *outermost = &addrs[i].frames[addrs[i].nr_frames - 1];

		stats->named += outermost->kind == FRAME_KIND_USER;
		stats->inlined_frames += addrs[i].nr_frames - 1;
	}
}

int symbolize_object(const char *path, const struct build_id *id, struct elf_image *image,
		     const struct symbolize_options *options, struct intern *strings,
		     struct symbolize_address *addrs, size_t nr, struct symbolize_stats *stats)
{
	_cleanup_(elf_image_closep) struct elf_image *opened = NULL;
	struct symbolize_stats own = {0};
	uint64_t start = clock_now_ns();
	bool stands_in = false;
	int err = 0;

	if (!image && !id) {
		err = elf_image_open(path, &opened);
		image = opened;
	}
	if (!err)
		err = check_build(image, id);
	if (err && id && find_debug_file(path, id, options, &opened) == 0) {
		image = opened;
		stands_in = true;
		err = 0;
	}
	for (size_t i = 0; err && i < nr; i++)
		frame_builder_set_module(strings, path, &addrs[i]);
	if (!err && nr)
		resolve_object(path, image, options, strings, addrs, nr, &own);
	if (stands_in)
		own.source = note_stand_in(strings, own.source);
	count_frames(addrs, nr, &own);
	own.ns = clock_now_ns() - start;
	if (stats)
		*stats = own;
	return err;
}
