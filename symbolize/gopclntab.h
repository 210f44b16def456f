/* SPDX-License-Identifier: MIT */
/*
 * The table Go programs carry for their own stack traces, also when stripped: functions, lines
 * and what was inlined.  Layouts of Go 1.2, 1.16, 1.18 and 1.20; inlined calls from 1.18 on.
 */
#ifndef CTRACE_SYMBOLIZE_GOPCLNTAB_H
#define CTRACE_SYMBOLIZE_GOPCLNTAB_H

#include "common/cleanup.h"
#include "symbolize/dwarf_reader.h"

struct elf_image;
struct gopclntab;

/* -ENOENT: the image, which is borrowed, is no Go program; -EBADMSG: its table is damaged. */
int gopclntab_open(struct elf_image *image, struct gopclntab **ret_table);
void gopclntab_free(struct gopclntab *table);
DEFINE_CLEANUP(struct gopclntab *, gopclntab_free);

/* Answers a query like dwarf_reader_find(); strings are borrowed from the image. */
void gopclntab_find(const struct gopclntab *table, bool want_inlines, struct dwarf_query *query);

struct go_function {
	const char *name; /* borrowed from the image */
	uint64_t vaddr;
	uint64_t size;
};

/* Calls @fn for every function, by address; a positive return ends it. */
void gopclntab_each(const struct gopclntab *table,
		    int (*fn)(const struct go_function *function, void *arg), void *arg);
/* The names of what was inlined into @function, each once or more often. */
void gopclntab_each_inlined(const struct gopclntab *table, const struct go_function *function,
			    void (*fn)(const char *name, void *arg), void *arg);

#endif
