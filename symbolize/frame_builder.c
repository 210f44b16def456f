/* SPDX-License-Identifier: MIT */
#include "symbolize/frame_builder.h"

#include "common/alloc.h"
#include "common/intern.h"
#include "symbolize/name_table.h"
#include "symbolize/path_table.h"
#include "symbolize/symtab.h"

#include <stdlib.h>
#include <string.h>

/* Whole but for the calling convention of those written in assembly. */
static void set_go_name(const struct frame_builder *builder, const char *raw, struct frame *frame)
{
	static const char suffix[] = ".abi0";
	size_t len = strlen(raw), suffix_len = strlen(suffix);
	bool has_suffix = len > suffix_len && strcmp(raw + len - suffix_len, suffix) == 0;
	_cleanup_free_ char *name = xstrndup(raw, has_suffix ? len - suffix_len : len);

	frame->name = intern_string(builder->strings, name);
}

static void set_name(const struct frame_builder *builder, const char *raw, struct frame *frame)
{
	struct shown_name shown;

	/* What begins with an underscore is C++ that came by cgo. */
	if (builder->is_go && raw[0] != '_') {
		set_go_name(builder, raw, frame);
		return;
	}
	shown = name_table_get(builder->names, raw);
	frame->name = shown.name;
	frame->full_name = shown.full_name;
}

/* Where the function that @pc belongs to begins, by its FDE or by who calls it. */
static bool find_start(const struct frame_builder *builder, uint64_t pc, uint64_t *ret_start)
{
	uint64_t end;

	if (fde_starts_find(&builder->fdes, pc, ret_start, &end))
		return true;
	if (!builder->starts->nr)
		code_starts_read(builder->image, builder->starts);
	return code_starts_find(builder->starts, fde_starts_previous_end(&builder->fdes, pc), pc,
				ret_start);
}

/* "[libfoo.so.1+0x1234]": one name for all of a function that has none. */
static void set_nameless(const struct frame_builder *builder, uint64_t pc, struct frame *frame)
{
	_cleanup_free_ char *text = NULL;
	uint64_t start;

	frame->kind = FRAME_KIND_MODULE;
	frame->name = symbolize_module_name(builder->strings, builder->path);
	if (!find_start(builder, pc, &start))
		return;
	if (builder->main_vaddr && start == builder->main_vaddr) {
		frame->kind = FRAME_KIND_USER;
		frame->name = intern_string(builder->strings, "main");
		return;
	}
	text = xasprintf("%.*s+0x%llx]", (int)strlen(frame->name) - 1, frame->name,
			 (unsigned long long)start);
	frame->name = intern_string(builder->strings, text);
}

/*
 * The function that has code of its own.  The symbol table's name goes first: it says the same
 * with and without debug information, and which constructor or clone it is.  A symbol that may
 * not reach as far as here yields.
 */
static void set_outermost(const struct frame_builder *builder, uint64_t pc, const char *dwarf_name,
			  struct frame *frame)
{
	const struct symbol *symbol = builder->symtab ? symtab_find(builder->symtab, pc) : NULL;

	frame->kind = FRAME_KIND_USER;
	if (symbol && symbol->is_guessed && dwarf_name)
		symbol = NULL;
	if (symbol || dwarf_name)
		set_name(builder, symbol ? symbol->name : dwarf_name, frame);
	else
		set_nameless(builder, pc, frame);
}

static void set_line(const struct frame_builder *builder, const struct dwarf_frame *from,
		     struct frame *frame)
{
	if (!builder->lines)
		return;
	frame->file = path_table_get(builder->paths, &from->path);
	frame->line = frame->file ? from->line : 0;
}

void frame_builder_set(const struct frame_builder *builder, struct symbolize_address *addr,
		       const struct dwarf_query *query)
{
	uint32_t nr = query && query->nr_frames ? query->nr_frames : 1;
	struct frame *frames = xcalloc(nr, sizeof(*frames));

	for (uint32_t i = 0; i < nr; i++)
		frames[i].module = builder->module;
	for (uint32_t i = 0; i + 1 < nr; i++) {
		const char *name = query->frames[i].name;

		frames[i].kind = FRAME_KIND_INLINED;
		set_name(builder, name ? name : "[inlined]", &frames[i]);
		set_line(builder, &query->frames[i], &frames[i]);
	}
	set_outermost(builder, symbolize_pc(addr),
		      query && query->nr_frames ? query->frames[nr - 1].name : NULL,
		      &frames[nr - 1]);
	if (query && query->nr_frames)
		set_line(builder, &query->frames[nr - 1], &frames[nr - 1]);
	free(addr->frames);
	addr->frames = frames;
	addr->nr_frames = nr;
}

void frame_builder_set_module(struct intern *strings, const char *path,
			      struct symbolize_address *addr)
{
	bool is_known = path && path[0];
	struct frame frame = {.name = symbolize_module_name(strings, path),
			      .module = is_known ? intern_string(strings, path) : NULL,
			      .kind = is_known ? FRAME_KIND_MODULE : FRAME_KIND_UNKNOWN};

	free(addr->frames);
	addr->frames = xmemdup(&frame, sizeof(frame));
	addr->nr_frames = 1;
}
