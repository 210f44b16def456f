/* SPDX-License-Identifier: MIT */
/*
 * Finds rows of an array that somebody else owns by their content: row numbers in an open-addressed
 * table, compared by the caller.  The hash is seeded anew in every process, so that crafted input
 * cannot make it slow; nothing that is written may depend on it.
 */
#ifndef CTRACE_FLAMEGRAPH_HASH_INDEX_H
#define CTRACE_FLAMEGRAPH_HASH_INDEX_H

#include <stddef.h>
#include <stdint.h>

#define HASH_INDEX_NONE UINT32_MAX

struct hash_index {
	uint64_t *slots; /* upper half of the hash, then row + 1; 0 = free */
	uint64_t seed;
	size_t mask; /* slots - 1 */
	size_t nr;
};

struct hash_probe {
	size_t at;
	uint32_t tag;
};

void hash_index_init(struct hash_index *index);
void hash_index_release(struct hash_index *index);

uint64_t hash_bytes(uint64_t seed, const void *data, size_t size);
uint64_t hash_text(uint64_t seed, const char *text); /* NULL is no "" */

static inline uint64_t hash_u64(uint64_t seed, uint64_t value)
{
	unsigned __int128 product;

	product = (unsigned __int128)(seed ^ 0x9e3779b97f4a7c15) * (value ^ 0xd6e8feb86659fd93);
	return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

/* Rows whose hash looks like @hash, one after the other, then HASH_INDEX_NONE. */
static inline uint32_t hash_index_next(const struct hash_index *index, struct hash_probe *probe)
{
	uint64_t slot;

	while ((slot = index->slots[probe->at])) {
		probe->at = (probe->at + 1) & index->mask;
		if (slot >> 32 == probe->tag)
			return (uint32_t)slot - 1;
	}
	return HASH_INDEX_NONE;
}

static inline uint32_t hash_index_first(const struct hash_index *index, uint64_t hash,
					struct hash_probe *probe)
{
	probe->tag = (uint32_t)(hash >> 32);
	probe->at = probe->tag & index->mask;
	return hash_index_next(index, probe);
}

/* @row must not be in the table yet, and must be below HASH_INDEX_NONE. */
void hash_index_insert(struct hash_index *index, uint64_t hash, uint32_t row);

#endif
