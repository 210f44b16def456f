/* SPDX-License-Identifier: MIT */
#include "flamegraph/hash_index.h"

#include "common/alloc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#define FIRST_SLOTS 64

void hash_index_init(struct hash_index *index)
{
	const void *random = (const void *)getauxval(AT_RANDOM);

	index->slots = xcalloc(FIRST_SLOTS, sizeof(*index->slots));
	index->mask = FIRST_SLOTS - 1;
	index->nr = 0;
	index->seed = (uint64_t)(uintptr_t)index;
	if (random) {
		uint64_t bytes;

		memcpy(&bytes, random, sizeof(bytes));
		index->seed ^= bytes;
	}
}

void hash_index_release(struct hash_index *index)
{
	free(index->slots);
	index->slots = NULL;
	index->mask = 0;
	index->nr = 0;
}

uint64_t hash_bytes(uint64_t seed, const void *data, size_t size)
{
	const char *bytes = data;
	uint64_t hash = hash_u64(seed, size);
	uint64_t word;

	while (size >= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		hash = hash_u64(hash, word);
		bytes += sizeof(word);
		size -= sizeof(word);
	}
	if (!size)
		return hash;
	word = 0;
	memcpy(&word, bytes, size);
	return hash_u64(hash, word);
}

uint64_t hash_text(uint64_t seed, const char *text)
{
	return text ? hash_bytes(seed, text, strlen(text)) : hash_u64(seed, 1);
}

static void put(uint64_t *slots, size_t mask, uint64_t slot)
{
	size_t at = (slot >> 32) & mask;

	while (slots[at])
		at = (at + 1) & mask;
	slots[at] = slot;
}

static void grow(struct hash_index *index)
{
	size_t nr_slots = (index->mask + 1) * 2;
	uint64_t *slots = xcalloc(nr_slots, sizeof(*slots));

	for (size_t i = 0; i <= index->mask; i++) {
		if (index->slots[i])
			put(slots, nr_slots - 1, index->slots[i]);
	}
	free(index->slots);
	index->slots = slots;
	index->mask = nr_slots - 1;
}

void hash_index_insert(struct hash_index *index, uint64_t hash, uint32_t row)
{
	if (index->nr >= (index->mask + 1) / 4 * 3)
		grow(index);
	put(index->slots, index->mask, hash >> 32 << 32 | ((uint64_t)row + 1));
	index->nr++;
}
