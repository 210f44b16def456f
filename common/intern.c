/* SPDX-License-Identifier: MIT */
#include "common/intern.h"

#include "common/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define uthash_fatal(message) die_oom()
#include <uthash.h>

struct intern_entry {
	UT_hash_handle hh;
	char text[];
};

struct intern {
	struct intern_entry *entries;
};

struct intern *intern_new(void)
{
	return xcalloc(1, sizeof(struct intern));
}

void intern_free(struct intern *table)
{
	struct intern_entry *entry, *next;

	if (!table)
		return;
	HASH_ITER (hh, table->entries, entry, next) {
		HASH_DEL(table->entries, entry);
		free(entry);
	}
	free(table);
}

const char *intern_bytes(struct intern *table, const char *text, size_t len)
{
	struct intern_entry *entry = NULL;
	unsigned int hash;

	HASH_VALUE(text, len, hash);
	HASH_FIND_BYHASHVALUE(hh, table->entries, text, len, hash, entry);
	if (entry)
		return entry->text;
	entry = xmalloc(sizeof(*entry) + len + 1);
	if (len)
		memcpy(entry->text, text, len);
	entry->text[len] = '\0';
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, table->entries, entry->text, len, hash, entry);
	return entry->text;
}

const char *intern_string(struct intern *table, const char *text)
{
	return text ? intern_bytes(table, text, strlen(text)) : NULL;
}

size_t intern_count(const struct intern *table)
{
	return HASH_COUNT(table->entries);
}
