/* SPDX-License-Identifier: MIT */
/*
 * Mapping tables in the kernel, one a slot, counted by the processes that share it.  A slot is
 * written before anyone uses it and not reused before every walk that may still read it is over.
 */
#ifndef CTRACE_LOADER_SLOT_STORE_H
#define CTRACE_LOADER_SLOT_STORE_H

#include "bpf/abi.h"
#include "common/cleanup.h"

struct slot_store;

/*
 * @slots_fd: the kernel's map of slots, borrowed; -1: our own memory (walks on the host).
 * Errors of map_pool_new().
 */
int slot_store_new(int slots_fd, struct slot_store **ret_store);
void slot_store_free(struct slot_store *store);
DEFINE_CLEANUP(struct slot_store *, slot_store_free);

/*
 * An unused slot holding one reference; ret_table is its table, to be filled at once.
 * -ENOSPC: all CTRACE_MAX_SLOTS are in use; other errors as bpf() and mmap() gave them.
 */
int slot_store_take(struct slot_store *store, uint32_t *ret_slot, struct mapping_table **ret_table);
void slot_store_ref(struct slot_store *store, uint32_t slot);
/* PROCESS_NO_SLOT is allowed and does nothing. */
void slot_store_unref(struct slot_store *store, uint32_t slot);

/* The table in @slot, or NULL. */
const struct mapping_table *slot_store_table(const struct slot_store *store, uint32_t slot);

uint64_t slot_store_kernel_bytes(const struct slot_store *store);

#endif
