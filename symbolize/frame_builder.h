/* SPDX-License-Identifier: MIT */
/*
 * Puts what symbol table, debug information and FDEs know of an address together into frames.
 * Not thread-safe; demangles and interns.
 */
#ifndef CTRACE_SYMBOLIZE_FRAME_BUILDER_H
#define CTRACE_SYMBOLIZE_FRAME_BUILDER_H

#include "symbolize/answer.h"
#include "symbolize/code_starts.h"
#include "symbolize/dwarf_reader.h"
#include "symbolize/fde_starts.h"

struct intern;
struct name_table;
struct path_table;
struct symtab;

/* Everything is borrowed. */
struct frame_builder {
	struct intern *strings;
	struct name_table *names;
	struct path_table *paths;
	const struct symtab *symtab; /* or NULL */
	struct fde_starts fdes;
	struct elf_image *image;
	struct code_starts *starts; /* read when the first address has no FDE */
	uint64_t main_vaddr;	    /* of a stripped program; 0: unknown */
	const char *path;	    /* of the object */
	const char *module;	    /* the same, interned; NULL if unknown */
	bool lines;
	bool is_go; /* "main.cold" is a function's whole name there, no clone of main */
};

/* Sets @addr's frames from @query (NULL: no debug information). */
void frame_builder_set(const struct frame_builder *builder, struct symbolize_address *addr,
		       const struct dwarf_query *query);
/* One frame that names the module only, or "[unknown]". */
void frame_builder_set_module(struct intern *strings, const char *path,
			      struct symbolize_address *addr);

#endif
