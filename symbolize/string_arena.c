/* SPDX-License-Identifier: MIT */
#include "symbolize/string_arena.h"

#include "common/alloc.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES ((size_t)256 << 10)

struct string_arena_chunk {
	struct string_arena_chunk *next;
	char bytes[];
};

static void add_chunk(struct string_arena *arena, size_t need)
{
	size_t cap = need > CHUNK_BYTES ? need : CHUNK_BYTES;
	struct string_arena_chunk *chunk = xmalloc(sizeof(*chunk) + cap);

	chunk->next = arena->chunks;
	arena->chunks = chunk;
	arena->used = 0;
	arena->cap = cap;
}

const char *string_arena_add(struct string_arena *arena, const char *text, size_t len,
			     const char *suffix)
{
	size_t suffix_len = strlen(suffix);
	size_t need = len + suffix_len + 1;
	char *at;

	if (arena->cap - arena->used < need)
		add_chunk(arena, need);
	at = arena->chunks->bytes + arena->used;
	memcpy(at, text, len);
	memcpy(at + len, suffix, suffix_len);
	at[len + suffix_len] = '\0';
	arena->used += need;
	return at;
}

void string_arena_release(struct string_arena *arena)
{
	while (arena->chunks) {
		struct string_arena_chunk *next = arena->chunks->next;

		free(arena->chunks);
		arena->chunks = next;
	}
	arena->used = 0;
	arena->cap = 0;
}
