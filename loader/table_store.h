/* SPDX-License-Identifier: MIT */
/*
 * Unwind tables in the kernel: packs finished tables into blobs, gives their rules numbers of the
 * one rule space all objects share, and writes both through mmap.  Append-only: what a walk may
 * be reading never changes.  Knows no ELF file and no process.
 */
#ifndef CTRACE_LOADER_TABLE_STORE_H
#define CTRACE_LOADER_TABLE_STORE_H

#include "bpf/abi.h"
#include "common/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_store;
struct unwind_table;

/* A run of an object's text whose rows lie in one blob. */
struct table_slice {
	uint64_t vaddr_begin;
	uint64_t vaddr_end;
	uint32_t blob;
	uint32_t index_base; /* as mapping_entry.index_base */
};

/* @blobs_fd and @rules_fd: the kernel's maps, borrowed; both -1: our own memory (walks on the
 * host). */
int table_store_new(int blobs_fd, int rules_fd, struct table_store **ret_store);
void table_store_free(struct table_store *store);
DEFINE_CLEANUP(struct table_store *, table_store_free);

/* Could a table with @nr_rules new rules still be taken without losing any? */
bool table_store_has_room(const struct table_store *store, uint32_t nr_rules);

/*
 * Copies @table into the kernel.  Rules beyond the shared space become NONE/RULES_FULL rows,
 * counted in ret_lost_rules.  @ret_slices is to be freed.  -ENOSPC: no blob left; other errors as
 * bpf() and mmap() gave them.
 */
int table_store_add(struct table_store *store, const struct unwind_table *table,
		    struct table_slice **ret_slices, size_t *ret_nr, uint64_t *ret_lost_rules);

/* What was written, as the walk sees it. */
const struct unwind_blob *const *table_store_blobs(const struct table_store *store,
						   uint32_t *ret_nr);
const struct unwind_rules *table_store_rules(const struct table_store *store);

uint64_t table_store_kernel_bytes(const struct table_store *store);

#endif
