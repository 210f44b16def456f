/* SPDX-License-Identifier: MIT */
/* Source paths put together from DWARF's pieces, each once.  Not thread-safe. */
#ifndef CTRACE_SYMBOLIZE_PATH_TABLE_H
#define CTRACE_SYMBOLIZE_PATH_TABLE_H

#include "symbolize/dwarf_line.h"

#define PATH_TABLE_BITS 10

struct intern;

struct path_table {
	struct intern *strings;
	struct {
		struct dwarf_path path;
		const char *text;
	} recent[1 << PATH_TABLE_BITS]; /* by a hash of the pieces' pointers */
};

/*
 * The path, interned; NULL if it has no name.  Pieces have to stay where they are, unchanged, as
 * long as the table lives.
 */
const char *path_table_get(struct path_table *table, const struct dwarf_path *path);

#endif
