/* SPDX-License-Identifier: MIT */
#include "symbolize/resolve.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/elf_image.h"
#include "common/intern.h"
#include "symbolize/dwarf_reader.h"
#include "symbolize/frame_builder.h"
#include "symbolize/gopclntab.h"
#include "symbolize/name_table.h"
#include "symbolize/object_files.h"
#include "symbolize/path_table.h"
#include "symbolize/startup_code.h"
#include "symbolize/symtab.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What has been read, and the story of it. */
struct knowledge {
	const struct resolve_request *request;
	struct symtab *symtab;
	struct dwarf_reader *dwarf; /* or NULL */
	struct gopclntab *go;	    /* if there is no DWARF; or NULL */
	FILE *notes;
	bool is_complete;
};

static void note_symbols(struct knowledge *knowledge)
{
	const struct object_files *files = knowledge->request->files;
	size_t nr = symtab_count(knowledge->symtab);
	const char *source = "no symbols";

	if (files->debug_image)
		source = files->debug_path;
	else if (object_has_section(files->image, ".symtab"))
		source = ".symtab";
	else if (object_has_section(files->image, ".gnu_debugdata"))
		source = "MiniDebugInfo";
	else if (nr)
		source = ".dynsym";
	fprintf(knowledge->notes, "%s, %zu symbols", source, nr);
}

static void read_symbols(struct knowledge *knowledge)
{
	const struct object_files *files = knowledge->request->files;

	if (symtab_new(files->image, files->debug_image, &knowledge->symtab) == 0) {
		note_symbols(knowledge);
		return;
	}
	fprintf(knowledge->notes, "damaged symbols");
	knowledge->is_complete = false;
}

/* Stripped Go programs keep the table of their own stack traces. */
static void read_go(struct knowledge *knowledge)
{
	int err = gopclntab_open(knowledge->request->files->image, &knowledge->go);

	if (err == -ENOENT)
		fprintf(knowledge->notes, "; no debug information");
	else
		fprintf(knowledge->notes, "; .gopclntab%s", err ? " not readable" : "");
}

static const char *reason(int err)
{
	switch (err) {
	case -EBADMSG:
		return "it is damaged";
	case -E2BIG:
		return "it is too large";
	case -EOPNOTSUPP:
		return "it is compressed by an unknown method";
	case -ENOENT:
		return "parts of it are missing";
	default:
		return strerror(-err);
	}
}

static void read_dwarf(struct knowledge *knowledge)
{
	const struct resolve_request *request = knowledge->request;
	const struct object_files *files = request->files;
	struct dwarf_reader_options options = {.image = files->dwarf_image,
					       .alt_image = files->alt_image,
					       .path = files->dwarf_path,
					       .object_path = files->path,
					       .opener = request->opener,
					       .nr_threads = request->nr_threads,
					       .want_inlines = request->options->inlines};
	int err;

	if (!request->options->inlines && !request->options->lines)
		return;
	if (!files->dwarf_image) {
		read_go(knowledge);
		return;
	}
	fprintf(knowledge->notes, "; DWARF%s", files->alt_image ? " with its alternate file" : "");
	err = dwarf_reader_new(&options, &knowledge->dwarf);
	if (err) {
		fprintf(knowledge->notes, " not readable: %s", reason(err));
		knowledge->is_complete = false;
	}
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

static void ask_go(const struct knowledge *knowledge, struct dwarf_query *queries, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		gopclntab_find(knowledge->go, knowledge->request->options->inlines, &queries[i]);
}

static void ask_dwarf(struct knowledge *knowledge, struct dwarf_query *queries, size_t nr)
{
	size_t nr_missing;

	if (dwarf_reader_find(knowledge->dwarf, queries, nr) < 0) {
		fprintf(knowledge->notes, ", damaged in parts");
		knowledge->is_complete = false;
	}
	nr_missing = dwarf_reader_nr_missing(knowledge->dwarf);
	if (nr_missing) {
		fprintf(knowledge->notes, ", %zu .dwo files missing", nr_missing);
		knowledge->is_complete = false;
	}
}

static void name_all(struct knowledge *knowledge, const struct frame_builder *builder,
		     struct symbolize_address *addrs, size_t nr)
{
	_cleanup_free_ struct dwarf_query *queries = NULL;
	size_t nr_queries = 0;

	if (knowledge->dwarf || knowledge->go) {
		queries = xcalloc(nr + 1, sizeof(*queries));
		nr_queries = make_queries(addrs, nr, queries);
	}
	if (knowledge->dwarf)
		ask_dwarf(knowledge, queries, nr_queries);
	else if (knowledge->go)
		ask_go(knowledge, queries, nr_queries);
	for (size_t i = 0; i < nr; i++) {
		struct dwarf_query key = {.pc = symbolize_pc(&addrs[i])};
		const struct dwarf_query *query = NULL;

		if (nr_queries)
			query = bsearch(&key, queries, nr_queries, sizeof(key), compare_queries);
		frame_builder_set(builder, &addrs[i], query);
	}
	dwarf_queries_release(queries, nr_queries);
}

/* What was there is taken all the same. */
static void note_torn(struct knowledge *knowledge, const struct elf_image *image, const char *name)
{
	if (!image || !elf_image_is_torn(image))
		return;
	fprintf(knowledge->notes, "; %s was cut off while it was read", name);
	knowledge->is_complete = false;
}

static void note_all_torn(struct knowledge *knowledge)
{
	const struct object_files *files = knowledge->request->files;

	note_torn(knowledge, files->image, "the file");
	note_torn(knowledge, files->debug_image, "its debug file");
	note_torn(knowledge, files->alt_image, "the alternate file");
}

void resolve_addresses(const struct resolve_request *request, struct symbolize_address *addrs,
		       size_t nr, struct resolve_outcome *ret_outcome)
{
	_cleanup_free_ struct path_table *paths = xcalloc(1, sizeof(*paths));
	const struct object_files *files = request->files;
	struct knowledge knowledge = {.request = request, .is_complete = true};
	struct code_starts starts = {0};
	struct frame_builder builder = {.strings = request->strings,
					.path = files->path,
					.module = intern_string(request->strings, files->path),
					.paths = paths,
					.image = files->image,
					.starts = &starts,
					.lines = request->options->lines};
	_cleanup_free_ char *story = NULL;
	size_t size;

	knowledge.notes = open_memstream(&story, &size);
	if (!knowledge.notes)
		die_oom();
	paths->strings = request->strings;
	read_symbols(&knowledge);
	read_dwarf(&knowledge);
	builder.symtab = knowledge.symtab;
	builder.fdes = fde_starts_open(files->image);
	startup_code_main(files->image, elf_image_header(files->image)->e_entry,
			  &builder.main_vaddr);
	builder.is_go = elf_image_find_section(files->image, ".gopclntab") >= 0 ||
			elf_image_find_section(files->image, ".go.buildinfo") >= 0;
	builder.names = name_table_new(request->strings, request->options->demangle);
	name_all(&knowledge, &builder, addrs, nr);
	note_all_torn(&knowledge);
	name_table_free(builder.names);
	code_starts_release(&starts);
	gopclntab_free(knowledge.go);
	dwarf_reader_free(knowledge.dwarf);
	symtab_free(knowledge.symtab);
	fprintf(knowledge.notes, "%s", files->refusals);
	fclose(knowledge.notes);
	ret_outcome->source = intern_string(request->strings, story);
	ret_outcome->is_complete = knowledge.is_complete;
}
