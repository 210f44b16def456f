/* SPDX-License-Identifier: MIT */
/*
 * Candidate function symbols as the sources of a symbol table collect them, before symtab.c orders
 * them: a growing array and the memory of its names.  Private to the symbol table readers.
 */
#ifndef CTRACE_SYMBOLIZE_SYMBOL_LIST_H
#define CTRACE_SYMBOLIZE_SYMBOL_LIST_H

#include "symbolize/string_arena.h"
#include "symbolize/symtab.h"

#include <stdbool.h>

#define SYMBOL_LIST_MAX ((size_t)16 << 20) /* the largest browsers have about 2 million */

struct elf_image;

struct symbol_entry {
	struct symbol symbol; /* size 0: the file does not say; guessed ones yield to others */
	bool is_local;
	bool is_function; /* STT_FUNC or STT_GNU_IFUNC, not a mere label */
	bool is_lonely;	  /* from a table that lacks its neighbours: its end cannot be guessed */
};

struct symbol_list {
	struct symbol_entry *items;
	size_t nr;
	size_t cap;
	bool borrows; /* names added now outlive the list, so whole ones are not copied */
	struct string_arena names;
};

void symbol_list_release(struct symbol_list *list);
/*
 * Adds a copy of @entry, called the first @name_len bytes of @name, which has one more, and
 * @suffix. False when the list is full.
 */
bool symbol_list_add(struct symbol_list *list, const struct symbol_entry *entry, const char *name,
		     size_t name_len, const char *suffix);

/* By address; at one address the best name (see symbol_preference()) last.  Drops duplicates. */
void symbol_list_sort(struct symbol_list *list);
/* The best of the symbols that begin at @vaddr in a sorted list of @nr items, or NULL. */
const struct symbol_entry *symbol_list_at(const struct symbol_list *list, size_t nr,
					  uint64_t vaddr);

/*
 * Adds the function symbols of all sections of @type (SHT_SYMTAB or SHT_DYNSYM); a file without
 * section headers gives its dynamic symbols by PT_DYNAMIC.  Returns how many were added, or
 * -EBADMSG: a symbol section is damaged (those before it were added).
 */
int elf_symbols_read(struct elf_image *image, uint32_t type, struct symbol_list *list);

/*
 * Adds "foo@plt" for the stubs of .plt, .plt.sec and .plt.got.  Takes the list unsorted and leaves
 * it so.
 */
void plt_names_add(struct elf_image *image, struct symbol_list *list);

#endif
