/* SPDX-License-Identifier: MIT */
/*
 * A process's ranges as mapping tables: one, or a directory over pages of them.  A page that is
 * what it was before is used again, so that one mapping more among thousands costs one page.
 */
#ifndef CTRACE_LOADER_TABLE_PAGES_H
#define CTRACE_LOADER_TABLE_PAGES_H

#include <stddef.h>
#include <stdint.h>

struct mapping_table;
struct slot_store;
struct table_pages;

/* One range of a table in the making. */
struct table_range {
	uint64_t start, end, bias;
	uint32_t blob, index_base;
};

/* At most CTRACE_MAX_MAPPINGS ranges, by address, into @table; its other fields are the caller's.
 */
void table_pages_fill(struct mapping_table *table, const struct table_range *ranges, size_t nr);

/*
 * More of them, CTRACE_MAX_MAPPINGS * CTRACE_MAX_PAGES at most, onto pages in slots.  @before: the
 * pages the process had, or NULL.  Holds one reference.  Errors of slot_store_take().
 */
int table_pages_new(struct slot_store *slots, const struct table_range *ranges, size_t nr,
		    const struct table_pages *before, struct table_pages **ret_pages);
/* Into the table that is their directory. */
void table_pages_fill_directory(struct mapping_table *table, const struct table_pages *pages);

/* NULL is allowed and does nothing. */
struct table_pages *table_pages_ref(struct table_pages *pages);
void table_pages_unref(struct slot_store *slots, struct table_pages *pages);

#endif
