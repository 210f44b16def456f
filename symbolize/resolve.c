/* SPDX-License-Identifier: MIT */
#include "symbolize/resolve.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/elf_image.h"
#include "common/intern.h"
#include "symbolize/debug_file.h"
#include "symbolize/fde_starts.h"
#include "symbolize/name_table.h"
#include "symbolize/symtab.h"

#include <errno.h>
#include <string.h>

/* What is known of the object. */
struct resolver {
	const struct resolve_request *request;
	const char *module; /* interned path */
	struct symtab *symtab;
	struct fde_starts fdes;
	struct name_table *names;
};

static bool has_contents(struct elf_image *image, const char *name)
{
	int index = elf_image_find_section(image, name);
	size_t nr;

	return index >= 0 && elf_image_sections(image, &nr)[index].sh_type != SHT_NOBITS;
}

static void set_single_frame(struct symbolize_address *addr, const struct frame *frame)
{
	free(addr->frames);
	addr->frames = xmemdup(frame, sizeof(*frame));
	addr->nr_frames = 1;
}

void resolve_to_module(const char *path, struct intern *strings, struct symbolize_address *addrs,
		       size_t nr)
{
	bool is_known = path && path[0];
	struct frame frame = {.name = symbolize_module_name(strings, path),
			      .module = is_known ? intern_string(strings, path) : NULL,
			      .kind = is_known ? FRAME_KIND_MODULE : FRAME_KIND_UNKNOWN};

	for (size_t i = 0; i < nr; i++)
		set_single_frame(&addrs[i], &frame);
}

/* "[libfoo.so.1+0x1234]": one name for all of a function that has none. */
static void name_by_fde(const struct resolver *resolver, uint64_t pc, struct frame *frame)
{
	struct intern *strings = resolver->request->strings;
	_cleanup_free_ char *text = NULL;
	uint64_t start, end;

	frame->kind = FRAME_KIND_MODULE;
	frame->name = symbolize_module_name(strings, resolver->request->path);
	if (!fde_starts_find(&resolver->fdes, pc, &start, &end))
		return;
	text = xasprintf("%.*s+0x%llx]", (int)strlen(frame->name) - 1, frame->name,
			 (unsigned long long)start);
	frame->name = intern_string(strings, text);
}

static bool name_by_symbol(const struct resolver *resolver, uint64_t pc, struct frame *frame)
{
	const struct symbol *symbol = symtab_find(resolver->symtab, pc);
	struct shown_name shown;

	if (!symbol)
		return false;
	shown = name_table_get(resolver->names, symbol->name);
	frame->name = shown.name;
	frame->full_name = shown.full_name;
	frame->kind = FRAME_KIND_USER;
	return true;
}

static void name_all(const struct resolver *resolver, struct symbolize_address *addrs, size_t nr,
		     struct symbolize_stats *stats)
{
	for (size_t i = 0; i < nr; i++) {
		uint64_t pc = addrs[i].vaddr - addrs[i].is_return;
		struct frame frame = {.module = resolver->module};

		if (name_by_symbol(resolver, pc, &frame))
			stats->named++;
		else
			name_by_fde(resolver, pc, &frame);
		set_single_frame(&addrs[i], &frame);
	}
}

static void describe_symbols(FILE *notes, struct elf_image *image, const char *debug_path,
			     const struct symtab *symtab)
{
	const char *source = "no symbols";

	if (debug_path)
		source = debug_path;
	else if (has_contents(image, ".symtab"))
		source = ".symtab";
	else if (has_contents(image, ".gnu_debugdata"))
		source = "MiniDebugInfo";
	else if (symtab_count(symtab))
		source = ".dynsym";
	fprintf(notes, "%s (%zu symbols)", source, symtab_count(symtab));
}

void resolve_addresses(const struct resolve_request *request, struct symbolize_address *addrs,
		       size_t nr, struct symbolize_stats *stats)
{
	struct resolver resolver = {.request = request};
	_cleanup_(elf_image_closep) struct elf_image *debug_image = NULL;
	_cleanup_(name_table_freep) struct name_table *names = NULL;
	_cleanup_(symtab_freep) struct symtab *symtab = NULL;
	_cleanup_free_ char *debug_path = NULL;
	_cleanup_free_ char *source = NULL;
	_cleanup_free_ char *refused = NULL;
	size_t source_size, refused_size;
	FILE *notes = open_memstream(&source, &source_size);
	FILE *refusals = open_memstream(&refused, &refused_size);
	struct debug_search search = {.path = request->path,
				      .root = request->options->root,
				      .debug_dirs = request->options->debug_dirs,
				      .notes = refusals};

	if (!notes || !refusals)
		die_oom();
	if (!has_contents(request->image, ".symtab") ||
	    !has_contents(request->image, ".debug_info"))
		debug_file_find(request->image, &search, &debug_image, &debug_path);
	if (symtab_new(request->image, debug_image, &symtab) < 0)
		fprintf(notes, "damaged symbols");
	else
		describe_symbols(notes, request->image, debug_path, symtab);
	fclose(notes);
	fclose(refusals);
	names = name_table_new(request->strings, request->options->demangle);
	resolver.module = intern_string(request->strings, request->path);
	resolver.symtab = symtab;
	resolver.names = names;
	resolver.fdes = fde_starts_open(request->image);
	name_all(&resolver, addrs, nr, stats);
	source = xreallocarray(source, source_size + refused_size + 1, 1);
	memcpy(source + source_size, refused, refused_size + 1);
	stats->source = intern_string(request->strings, source);
}
