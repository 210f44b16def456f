/* SPDX-License-Identifier: MIT */
/*
 * Function symbols of one ELF object as sorted, disjoint segments: .symtab, .dynsym, MiniDebugInfo
 * and the entry point.  Finds functions by name too, for probes.  Mangled names only.
 */
#ifndef CTRACE_SYMBOLIZE_SYMTAB_H
#define CTRACE_SYMBOLIZE_SYMTAB_H

#include "common/cleanup.h"
#include "symbolize/name_pattern.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_image;
struct symtab;

struct symbol {
	uint64_t vaddr;
	uint64_t size;
	const char *name; /* as in the file but for @VERSION; as long as symtab and image */
	bool is_guessed;  /* the file does not state the size: it is what else the file tells */
	bool is_label;	  /* of no type: assembly's, a function or not */
};

/*
 * Reads every function symbol of @image and, when given, of @debug_image, which have to outlive the
 * table.  An object without any gives an empty table, not an error.  -EBADMSG: symbol section
 * damaged and nothing else there.
 */
int symtab_new(struct elf_image *image, struct elf_image *debug_image, struct symtab **ret_symtab);
void symtab_free(struct symtab *symtab);
DEFINE_CLEANUP(struct symtab *, symtab_free);

size_t symtab_count(const struct symtab *symtab);
/* The symbol that covers @vaddr by its size, or NULL.  Never the nearest neighbour. */
const struct symbol *symtab_find(const struct symtab *symtab, uint64_t vaddr);

/*
 * Every function that @pattern means, aliases of one address once: those of that very name if there
 * are any, else those a glob matches.  Calls @fn in address order; a positive return ends the
 * search.  Returns the number of matches.
 */
int symtab_match(const struct symtab *symtab, const struct name_pattern *pattern,
		 int (*fn)(const struct symbol *symbol, enum name_verdict verdict, void *arg),
		 void *arg);
/* All names that begin at @vaddr. */
void symtab_names_at(const struct symtab *symtab, uint64_t vaddr,
		     void (*fn)(const struct symbol *symbol, void *arg), void *arg);
/* All names there are, by address. */
void symtab_each(const struct symtab *symtab, void (*fn)(const struct symbol *symbol, void *arg),
		 void *arg);

#endif
