/* SPDX-License-Identifier: MIT */
#include "cli/location_names.h"

#include "cli/fetch_progress.h"
#include "common/alloc.h"
#include "common/elf_image.h"
#include "common/intern.h"
#include "common/log.h"
#include "flamegraph/capture.h"
#include "loader/time.h"
#include "symbolize/demangle.h"
#include "symbolize/root_open.h"
#include "symbolize/symbolizer.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#define FETCH_BUDGET_MS 20000
#define NS_PER_MS	1000000

struct location_names {
	const struct capture *capture;
	const struct recorded_files *files;
	const struct symbolize_options *options;
	struct intern *strings;
	struct symbolize_address *addresses; /* sorted by object; frames of each */
	uint32_t *address_of;		     /* location -> index in addresses */
	size_t nr;
	uint64_t named, inlined;
	uint64_t fetch_ns; /* spent on the network so far */
};

/* Groups locations by object; ret_first[o] is where object o's begin in addresses. */
static size_t *group_by_object(struct location_names *names)
{
	size_t nr_objects;
	const struct capture_location *locations = capture_locations(names->capture, &names->nr);
	size_t *first, *next;

	capture_objects(names->capture, &nr_objects);
	first = xcalloc(nr_objects + 1, sizeof(*first));
	next = xcalloc(nr_objects + 1, sizeof(*next));
	for (size_t i = 0; i < names->nr; i++)
		first[locations[i].object + 1]++;
	for (size_t o = 0; o < nr_objects; o++)
		first[o + 1] += first[o];
	memcpy(next, first, (nr_objects + 1) * sizeof(*next));
	names->addresses = xcalloc(names->nr + 1, sizeof(*names->addresses));
	names->address_of = xcalloc(names->nr + 1, sizeof(*names->address_of));
	for (size_t i = 0; i < names->nr; i++) {
		size_t at = next[locations[i].object]++;

		names->address_of[i] = (uint32_t)at;
		names->addresses[at].vaddr = locations[i].vaddr;
		names->addresses[at].is_return = locations[i].is_return;
	}
	free(next);
	return first;
}

/*
 * The image of @object: as it was recorded, or what lies at its path now.  Build-ids are compared
 * by the symbolizer; of a file without one the size has to do.
 */
static int open_image(const struct capture_object *object, const struct symbolize_options *options,
		      int file, struct elf_image **ret_image)
{
	_cleanup_close_ int opened = -1;
	struct stat st;

	if (file >= 0)
		return elf_image_open_fd(file, ret_image);
	if (options->root)
		opened = root_open(options->root, object->path);
	if (opened < 0)
		opened = root_open(NULL, object->path);
	if (opened < 0)
		return opened;
	if (!object->build_id.size && object->file_size &&
	    (fstat(opened, &st) < 0 || (uint64_t)st.st_size != object->file_size))
		return -ESTALE;
	return elf_image_open_fd(opened, ret_image);
}

static void log_outcome(const struct capture_object *object, int err,
			const struct symbolize_stats *stats)
{
	if (err == -ESTALE)
		log_warning("symbols of %s: refused, it is not the file that was recorded%s%s",
			    object->path, stats->source ? "; " : "",
			    stats->source ? stats->source : "");
	else if (err < 0)
		log_verbose("symbols of %s: %s%s%s", object->path, strerror(-err),
			    stats->source ? "; " : "", stats->source ? stats->source : "");
	else if (stats->is_damaged)
		log_warning("names of functions in %s may be missing: %s", object->path,
			    stats->source);
	else
		log_verbose("symbols of %s: %" PRIu64 " of %" PRIu64 " addresses named, %s",
			    object->path, stats->named, stats->addresses, stats->source);
}

/* The network gets so much time in all, however many objects there are. */
static void limit_fetching(const struct location_names *names, struct symbolize_options *options)
{
	uint64_t spent_ms = names->fetch_ns / NS_PER_MS;

	options->debuginfod_timeout_ms = FETCH_BUDGET_MS;
	if (!options->debuginfod || !spent_ms)
		return;
	options->debuginfod = spent_ms < FETCH_BUDGET_MS;
	if (options->debuginfod)
		options->debuginfod_timeout_ms -= (unsigned int)spent_ms;
	else
		log_verbose("nothing more is fetched: %d s are over", FETCH_BUDGET_MS / 1000);
}

static const struct capture_symbol *find_symbol(const struct capture_object *object, uint64_t addr)
{
	const struct capture_symbol *symbol;
	size_t low = 0, high = object->nr_symbols;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (object->symbols[middle].start <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	symbol = &object->symbols[low - 1];
	if (symbol->size && addr - symbol->start >= symbol->size)
		return NULL;
	return symbol;
}

static const char *intern_owned(struct location_names *names, char *text)
{
	const char *copy = intern_string(names->strings, text);

	free(text);
	return copy;
}

/* JIT compilers write the names they want to see; the kernel's Rust and C++ code is mangled. */
static const char *embedded_name(struct location_names *names, enum capture_object_kind kind,
				 const char *raw)
{
	if (kind == CAPTURE_OBJECT_JIT)
		return intern_string(names->strings, raw);
	return intern_owned(names, demangle_name(raw, names->options->demangle));
}

static const char *embedded_module(struct location_names *names,
				   const struct capture_object *object,
				   const struct capture_symbol *symbol)
{
	if (object->kind == CAPTURE_OBJECT_KERNEL && symbol && symbol->module)
		return intern_owned(names, xasprintf("[%s]", symbol->module));
	if (object->kind == CAPTURE_OBJECT_KERNEL)
		return intern_string(names->strings, "[kernel]");
	return *object->path ? intern_string(names->strings, object->path) : NULL;
}

/* The one frame of a place nobody has a symbol for. */
static void name_unknown(struct location_names *names, const struct capture_object *object,
			 struct frame *frame)
{
	switch (object->kind) {
	case CAPTURE_OBJECT_KERNEL:
		frame->name = frame->module;
		frame->kind = FRAME_KIND_KERNEL;
		break;
	case CAPTURE_OBJECT_VDSO:
		frame->name = intern_string(names->strings, "[vdso]");
		frame->kind = FRAME_KIND_MODULE;
		break;
	default:
		frame->name = intern_string(names->strings, "[unknown]");
		frame->kind = FRAME_KIND_UNKNOWN;
	}
}

static uint8_t kind_of_embedded(enum capture_object_kind kind)
{
	switch (kind) {
	case CAPTURE_OBJECT_KERNEL:
		return FRAME_KIND_KERNEL;
	case CAPTURE_OBJECT_JIT:
		return FRAME_KIND_JIT;
	default:
		return FRAME_KIND_USER;
	}
}

static void name_embedded(struct location_names *names, const struct capture_object *object,
			  struct symbolize_address *addresses, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		uint64_t addr = addresses[i].vaddr - addresses[i].is_return;
		const struct capture_symbol *symbol = find_symbol(object, addr);
		struct frame *frame = xcalloc(1, sizeof(*frame));

		frame->module = embedded_module(names, object, symbol);
		if (symbol) {
			frame->name = embedded_name(names, object->kind, symbol->name);
			frame->kind = kind_of_embedded(object->kind);
			names->named++;
		} else {
			name_unknown(names, object, frame);
		}
		addresses[i].frames = frame;
		addresses[i].nr_frames = 1;
	}
}

/* Names the capture kept of a file that was deleted, for want of better; returns how many. */
static uint64_t name_deleted(struct location_names *names, const struct capture_object *object,
			     struct symbolize_address *addresses, size_t nr)
{
	uint64_t nr_named = 0;

	for (size_t i = 0; i < nr; i++) {
		uint64_t addr = addresses[i].vaddr - addresses[i].is_return;
		const struct capture_symbol *symbol = find_symbol(object, addr);
		struct frame *frame = &addresses[i].frames[0];

		if (!symbol)
			continue;
		frame->name = intern_owned(names,
					   demangle_name(symbol->name, names->options->demangle));
		/* "[prog+0x1234]" stays what it is. */
		frame->kind = *symbol->name == '[' ? FRAME_KIND_MODULE : FRAME_KIND_USER;
		nr_named += frame->kind == FRAME_KIND_USER;
	}
	return nr_named;
}

static void name_elf(struct location_names *names, const struct capture_object *object,
		     struct symbolize_address *addresses, size_t nr)
{
	_cleanup_(elf_image_closep) struct elf_image *image = NULL;
	struct symbolize_options options = *names->options;
	_cleanup_free_ char *root_path = NULL;
	struct symbolize_stats stats = {0};
	int file = -1, root = -1;
	int err, open_err;

	options.root = object->root;
	if (names->files)
		names->files->find(names->files->arg, object, &file, &root);
	if (root >= 0)
		options.root = root_path = xasprintf("/proc/self/fd/%d", root);
	limit_fetching(names, &options);
	open_err = open_image(object, &options, file, &image);
	err = symbolize_object(object->path, &object->build_id, image, &options, names->strings,
			       addresses, nr, &stats);
	log_outcome(object, err && open_err ? open_err : err, &stats);
	if (err)
		stats.named += name_deleted(names, object, addresses, nr);
	names->named += stats.named;
	names->inlined += stats.inlined_frames;
	names->fetch_ns += stats.fetch_ns;
}

void location_names_new(const struct capture *capture, const struct recorded_files *files,
			const struct symbolize_options *options, struct location_names **ret_names,
			struct symbol_figures *ret_figures)
{
	struct location_names *names = xcalloc(1, sizeof(*names));
	uint64_t begin = time_now_ns();
	_cleanup_free_ size_t *first = NULL;
	const struct capture_object *objects;
	size_t nr_objects;

	names->capture = capture;
	names->files = files;
	names->options = options;
	names->strings = intern_new();
	first = group_by_object(names);
	objects = capture_objects(capture, &nr_objects);
	for (size_t o = 0; o < nr_objects; o++) {
		struct symbolize_address *addresses = names->addresses + first[o];
		size_t nr = first[o + 1] - first[o];

		if (!nr)
			continue;
		if (objects[o].kind == CAPTURE_OBJECT_ELF)
			name_elf(names, &objects[o], addresses, nr);
		else
			name_embedded(names, &objects[o], addresses, nr);
	}
	if (options->debuginfod)
		fetch_progress_end();
	*ret_figures = (struct symbol_figures){
		.addresses = names->nr,
		.named = names->named,
		.unnamed = names->nr - names->named,
		.inlined_frames = names->inlined,
		.ns = time_now_ns() - begin,
	};
	*ret_names = names;
}

void location_names_free(struct location_names *names)
{
	if (!names)
		return;
	symbolize_release(names->addresses, names->nr);
	intern_free(names->strings);
	free(names->addresses);
	free(names->address_of);
	free(names);
}

const struct frame *location_names_get(const struct location_names *names, uint32_t location,
				       uint32_t *ret_nr)
{
	const struct symbolize_address *address = &names->addresses[names->address_of[location]];

	*ret_nr = address->nr_frames;
	return address->frames;
}
