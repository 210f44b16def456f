/* SPDX-License-Identifier: MIT */
/*
 * Every symbol an ELF file defines, as it stands there: with its type, its version, whatever it
 * names.  For questions the symbol table of symbolize/, which knows functions, does not answer.
 */
#ifndef CTRACE_LOADER_OBJECT_SYMBOLS_H
#define CTRACE_LOADER_OBJECT_SYMBOLS_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>

struct elf_image;

struct object_symbol {
	const char *name; /* borrowed from the image, as the others */
	uint64_t vaddr;
	uint64_t size;
	const char *version; /* NULL: it has none */
	bool is_default;     /* what linkers choose; written fn@@VERSION */
	bool is_dynamic;
	uint8_t type; /* STT_* */
	uint8_t bind; /* STB_* */
};

/* Calls @fn for each that is defined; a positive return ends it, and is returned. */
int object_symbols_each(struct elf_image *image,
			int (*fn)(const struct object_symbol *symbol, void *arg), void *arg);

#endif
