/* SPDX-License-Identifier: MIT */
#include "symbolize/resolve.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/elf_image.h"
#include "common/intern.h"
#include "symbolize/alt_file.h"
#include "symbolize/debug_file.h"
#include "symbolize/dwarf_reader.h"
#include "symbolize/frame_builder.h"
#include "symbolize/name_table.h"
#include "symbolize/path_table.h"
#include "symbolize/root_open.h"
#include "symbolize/symtab.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define MAX_THREADS 4 /* beyond that inflating and memory are the limit, not the scan */

/* Where an object's knowledge comes from, and the story of it for -v. */
struct sources {
	struct elf_image *image;
	struct elf_image *debug_image; /* or NULL */
	char *debug_path;
	struct symtab *symtab;
	struct elf_image *alt_image;
	struct dwarf_reader *dwarf; /* or NULL */
	FILE *notes;
	char *text; /* of the notes, when they are closed */
	size_t text_size;
};

static bool has_contents(struct elf_image *image, const char *name)
{
	int index = elf_image_find_section(image, name);
	size_t nr;

	return index >= 0 && elf_image_sections(image, &nr)[index].sh_type != SHT_NOBITS;
}

static bool has_dwarf(struct elf_image *image)
{
	return has_contents(image, ".debug_info") || has_contents(image, ".zdebug_info");
}

static void note_symbols(struct sources *sources)
{
	size_t nr = symtab_count(sources->symtab);
	const char *source = "no symbols";

	if (sources->debug_image)
		source = sources->debug_path;
	else if (has_contents(sources->image, ".symtab"))
		source = ".symtab";
	else if (has_contents(sources->image, ".gnu_debugdata"))
		source = "MiniDebugInfo";
	else if (nr)
		source = ".dynsym";
	fprintf(sources->notes, "%s, %zu symbols", source, nr);
}

static void open_symbols(struct sources *sources, const struct resolve_request *request)
{
	_cleanup_free_ char *refused = NULL;
	size_t size;
	FILE *refusals = open_memstream(&refused, &size);
	struct debug_search search = {.path = request->path,
				      .root = request->options->root,
				      .debug_dirs = request->options->debug_dirs,
				      .notes = refusals};

	if (!refusals)
		die_oom();
	if (!has_contents(request->image, ".symtab") || !has_dwarf(request->image))
		debug_file_find(request->image, &search, &sources->debug_image,
				&sources->debug_path);
	fclose(refusals);
	if (symtab_new(request->image, sources->debug_image, &sources->symtab) < 0)
		fprintf(sources->notes, "damaged symbols");
	else
		note_symbols(sources);
	fprintf(sources->notes, "%s", refused);
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

/* Opens what DWARF names, inside the target's root before the host's. */
static int open_named(const void *arg, const char *path)
{
	const struct symbolize_options *options = arg;
	int fd = options->root ? root_open(options->root, path) : -ENOENT;

	return fd >= 0 ? fd : root_open(NULL, path);
}

static void open_alt(struct sources *sources, const struct resolve_request *request,
		     struct elf_image *image, const char *path)
{
	struct debug_search search = {.path = request->path,
				      .root = request->options->root,
				      .debug_dirs = request->options->debug_dirs,
				      .notes = sources->notes};
	int err = alt_file_find(image, path, &search, &sources->alt_image);

	if (err == 0)
		fprintf(sources->notes, " with its alternate file");
	else if (err != -ENODATA)
		fprintf(sources->notes, " without its alternate file: %s", strerror(-err));
}

static void open_dwarf(struct sources *sources, const struct resolve_request *request,
		       const struct dwarf_opener *opener)
{
	struct dwarf_reader_options options = {.image = request->image,
					       .path = request->path,
					       .object_path = request->path,
					       .opener = opener,
					       .nr_threads = choose_threads(request->options),
					       .want_inlines = request->options->inlines};
	int err;

	if (!request->options->inlines && !request->options->lines)
		return;
	if (!has_dwarf(request->image) && sources->debug_image && has_dwarf(sources->debug_image)) {
		options.image = sources->debug_image;
		options.path = sources->debug_path;
	}
	if (!has_dwarf(options.image)) {
		fprintf(sources->notes, "; no debug information");
		return;
	}
	fprintf(sources->notes, "; DWARF");
	open_alt(sources, request, options.image, options.path);
	options.alt_image = sources->alt_image;
	err = dwarf_reader_new(&options, &sources->dwarf);
	if (err)
		fprintf(sources->notes, " not readable: %s", strerror(-err));
}

static int compare_queries(const void *a, const void *b)
{
	const struct dwarf_query *x = a;
	const struct dwarf_query *y = b;

	return (x->pc > y->pc) - (x->pc < y->pc);
}

/* One query for each distinct address, sorted; returns how many. */
static size_t make_queries(const struct symbolize_address *addrs, size_t nr,
			   struct dwarf_query *queries)
{
	size_t nr_queries = 0;

	for (size_t i = 0; i < nr; i++)
		queries[i] = (struct dwarf_query){.pc = symbolize_pc(&addrs[i])};
	if (nr)
		qsort(queries, nr, sizeof(*queries), compare_queries);
	for (size_t i = 0; i < nr; i++)
		if (i == 0 || queries[i].pc != queries[nr_queries - 1].pc)
			queries[nr_queries++] = queries[i];
	return nr_queries;
}

static void name_all(struct sources *sources, const struct frame_builder *builder,
		     struct symbolize_address *addrs, size_t nr, struct symbolize_stats *stats)
{
	_cleanup_free_ struct dwarf_query *queries = NULL;
	size_t nr_queries = 0, nr_missing;

	if (sources->dwarf) {
		queries = xcalloc(nr + 1, sizeof(*queries));
		nr_queries = make_queries(addrs, nr, queries);
		if (dwarf_reader_find(sources->dwarf, queries, nr_queries) < 0)
			fprintf(sources->notes, ", damaged in parts");
		nr_missing = dwarf_reader_nr_missing(sources->dwarf);
		if (nr_missing)
			fprintf(sources->notes, ", %zu .dwo files missing", nr_missing);
	}
	for (size_t i = 0; i < nr; i++) {
		struct dwarf_query key = {.pc = symbolize_pc(&addrs[i])};
		const struct dwarf_query *query = NULL;

		if (nr_queries)
			query = bsearch(&key, queries, nr_queries, sizeof(key), compare_queries);
		stats->named += frame_builder_set(builder, &addrs[i], query);
	}
	dwarf_queries_release(queries, nr_queries);
}

static void release_sources(struct sources *sources)
{
	dwarf_reader_free(sources->dwarf);
	elf_image_close(sources->alt_image);
	symtab_free(sources->symtab);
	elf_image_close(sources->debug_image);
	free(sources->debug_path);
	free(sources->text);
}

void resolve_addresses(const struct resolve_request *request, struct symbolize_address *addrs,
		       size_t nr, struct symbolize_stats *stats)
{
	struct dwarf_opener opener = {.open = open_named, .arg = request->options};
	_cleanup_free_ struct path_table *paths = NULL;
	struct sources sources = {.image = request->image};
	struct frame_builder builder = {.strings = request->strings,
					.path = request->path,
					.module = intern_string(request->strings, request->path),
					.lines = request->options->lines};

	sources.notes = open_memstream(&sources.text, &sources.text_size);
	if (!sources.notes)
		die_oom();
	open_symbols(&sources, request);
	open_dwarf(&sources, request, &opener);
	builder.symtab = sources.symtab;
	builder.fdes = fde_starts_open(request->image);
	paths = xcalloc(1, sizeof(*paths));
	paths->strings = request->strings;
	builder.paths = paths;
	builder.names = name_table_new(request->strings, request->options->demangle);
	name_all(&sources, &builder, addrs, nr, stats);
	name_table_free(builder.names);
	fclose(sources.notes);
	stats->source = intern_string(request->strings, sources.text);
	release_sources(&sources);
}
