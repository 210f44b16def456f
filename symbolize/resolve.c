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
#include "symbolize/symtab.h"

#include <errno.h>
#include <string.h>

/* Where an object's knowledge comes from, and the story of it for -v. */
struct sources {
	const struct resolve_request *request;
	struct elf_image *image;
	struct elf_image *debug_image; /* or NULL */
	char *debug_path;
	struct elf_image *dwarf_image; /* one of the two above, or NULL */
	const char *dwarf_path;
	struct elf_image *alt_image; /* of the latter, or NULL */
	struct symtab *symtab;
	struct dwarf_reader *dwarf; /* or NULL */
	FILE *notes;
	char *text; /* of the notes, when they are closed */
	size_t text_size;
	FILE *refusals; /* for the end of the notes */
	char *refused;
	size_t refused_size;
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

/* Opens every file whose name does not stand in debug information. */
static void find_files(struct sources *sources)
{
	const struct resolve_request *request = sources->request;
	struct debug_search search = {.path = request->path,
				      .root = request->options->root,
				      .debug_dirs = request->options->debug_dirs,
				      .notes = sources->refusals};
	bool want_dwarf = request->options->inlines || request->options->lines;
	int err;

	if (!has_contents(sources->image, ".symtab") || (want_dwarf && !has_dwarf(sources->image)))
		debug_file_find(sources->image, &search, &sources->debug_image,
				&sources->debug_path);
	if (has_dwarf(sources->image)) {
		sources->dwarf_image = sources->image;
		sources->dwarf_path = request->path;
	} else if (sources->debug_image && has_dwarf(sources->debug_image)) {
		sources->dwarf_image = sources->debug_image;
		sources->dwarf_path = sources->debug_path;
	}
	if (!want_dwarf || !sources->dwarf_image)
		return;
	err = alt_file_find(sources->dwarf_image, sources->dwarf_path, &search,
			    &sources->alt_image);
	if (err && err != -ENODATA)
		fprintf(sources->refusals, "; no alternate file: %s", strerror(-err));
}

static void open_symbols(struct sources *sources)
{
	if (symtab_new(sources->image, sources->debug_image, &sources->symtab) < 0)
		fprintf(sources->notes, "damaged symbols");
	else
		note_symbols(sources);
}

static void open_dwarf(struct sources *sources)
{
	const struct resolve_request *request = sources->request;
	struct dwarf_reader_options options = {.image = sources->dwarf_image,
					       .alt_image = sources->alt_image,
					       .path = sources->dwarf_path,
					       .object_path = request->path,
					       .opener = request->opener,
					       .nr_threads = request->nr_threads,
					       .want_inlines = request->options->inlines};
	int err;

	if (!request->options->inlines && !request->options->lines)
		return;
	if (!sources->dwarf_image) {
		fprintf(sources->notes, "; no debug information");
		return;
	}
	fprintf(sources->notes, "; DWARF%s", sources->alt_image ? " with its alternate file" : "");
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

static void open_notes(struct sources *sources)
{
	sources->notes = open_memstream(&sources->text, &sources->text_size);
	sources->refusals = open_memstream(&sources->refused, &sources->refused_size);
	if (!sources->notes || !sources->refusals)
		die_oom();
}

/* The whole story, interned. */
static const char *close_notes(struct sources *sources)
{
	_cleanup_free_ char *story = NULL;

	fclose(sources->notes);
	fclose(sources->refusals);
	story = xasprintf("%s%s", sources->text, sources->refused);
	return intern_string(sources->request->strings, story);
}

static void release_sources(struct sources *sources)
{
	dwarf_reader_free(sources->dwarf);
	elf_image_close(sources->alt_image);
	symtab_free(sources->symtab);
	elf_image_close(sources->debug_image);
	free(sources->debug_path);
	free(sources->text);
	free(sources->refused);
}

void resolve_addresses(const struct resolve_request *request, struct symbolize_address *addrs,
		       size_t nr, struct symbolize_stats *stats)
{
	_cleanup_free_ struct path_table *paths = xcalloc(1, sizeof(*paths));
	struct sources sources = {.request = request, .image = request->image};
	struct frame_builder builder = {.strings = request->strings,
					.path = request->path,
					.module = intern_string(request->strings, request->path),
					.paths = paths,
					.lines = request->options->lines};

	paths->strings = request->strings;
	open_notes(&sources);
	find_files(&sources);
	if (request->lock) {
		const char *note = request->lock(request->lock_arg);

		if (note)
			fprintf(sources.refusals, "; %s", note);
	}
	open_symbols(&sources);
	open_dwarf(&sources);
	builder.symtab = sources.symtab;
	builder.fdes = fde_starts_open(request->image);
	builder.names = name_table_new(request->strings, request->options->demangle);
	name_all(&sources, &builder, addrs, nr, stats);
	name_table_free(builder.names);
	stats->source = close_notes(&sources);
	release_sources(&sources);
}
