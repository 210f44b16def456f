/* SPDX-License-Identifier: MIT */
/*
 * Demangling done once for each distinct name: raw names to the spellings a frame shows.
 * Not thread-safe.
 */
#ifndef CTRACE_SYMBOLIZE_NAME_TABLE_H
#define CTRACE_SYMBOLIZE_NAME_TABLE_H

#include "common/cleanup.h"
#include "symbolize/demangle.h"

struct intern;
struct name_table;

struct shown_name {
	const char *name;      /* interned */
	const char *full_name; /* interned; NULL = same as name */
};

struct name_table *name_table_new(struct intern *strings, enum demangle_mode mode);
void name_table_free(struct name_table *table);
DEFINE_CLEANUP(struct name_table *, name_table_free);

/* @raw has to stay where it is, unchanged, as long as the table lives. */
struct shown_name name_table_get(struct name_table *table, const char *raw);

#endif
