/* SPDX-License-Identifier: MIT */
#include "symbolize/name_table.h"

#include "common/alloc.h"
#include "common/intern.h"
#include "symbolize/demangle.h"

#include <stdint.h>
#include <string.h>

#define uthash_fatal(msg) die_oom()
#include <uthash.h>

struct name_entry {
	const char *raw; /* interned */
	struct shown_name shown;
	UT_hash_handle hh;
};

/* Names come by the same pointers again and again, and some are kilobytes long. */
#define RECENT_BITS 12
#define NR_RECENT   (1 << RECENT_BITS)

struct recent_name {
	const char *raw;
	struct shown_name shown;
};

struct name_table {
	struct recent_name recent[NR_RECENT]; /* by a hash of the pointer */
	struct intern *strings;
	enum demangle_mode mode;
	struct name_entry *entries; /* by the interned pointer of the raw name */
};

struct name_table *name_table_new(struct intern *strings, enum demangle_mode mode)
{
	struct name_table *table = xcalloc(1, sizeof(*table));

	table->strings = strings;
	table->mode = mode;
	return table;
}

void name_table_free(struct name_table *table)
{
	struct name_entry *entry, *next;

	if (!table)
		return;
	HASH_ITER (hh, table->entries, entry, next) {
		HASH_DEL(table->entries, entry);
		free(entry);
	}
	free(table);
}

static struct shown_name spell(struct name_table *table, const char *raw)
{
	_cleanup_free_ char *name = demangle_name(raw, table->mode);
	_cleanup_free_ char *full = NULL;
	struct shown_name shown = {.name = intern_string(table->strings, name)};

	if (table->mode == DEMANGLE_SHORT || table->mode == DEMANGLE_SIMPLE) {
		full = demangle_name(raw, DEMANGLE_FULL);
		if (strcmp(full, name) != 0)
			shown.full_name = intern_string(table->strings, full);
	}
	return shown;
}

static struct shown_name look_up(struct name_table *table, const char *raw)
{
	const char *key = intern_string(table->strings, raw);
	struct name_entry *entry;

	HASH_FIND_PTR(table->entries, &key, entry);
	if (!entry) {
		entry = xcalloc(1, sizeof(*entry));
		entry->raw = key;
		entry->shown = spell(table, raw);
		HASH_ADD_PTR(table->entries, raw, entry);
	}
	return entry->shown;
}

struct shown_name name_table_get(struct name_table *table, const char *raw)
{
	struct recent_name *recent =
		&table->recent[((uintptr_t)raw * 0x9e3779b97f4a7c15) >> (64 - RECENT_BITS)];

	if (recent->raw != raw) {
		recent->shown = look_up(table, raw);
		recent->raw = raw;
	}
	return recent->shown;
}
