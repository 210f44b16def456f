/* SPDX-License-Identifier: MIT */
/*
 * Names that live as long as the table they belong to, packed in large chunks: many times cheaper
 * than interning when a symbol table of 100,000 names is read and thrown away.  Keeps duplicates.
 */
#ifndef CTRACE_SYMBOLIZE_STRING_ARENA_H
#define CTRACE_SYMBOLIZE_STRING_ARENA_H

#include <stddef.h>

struct string_arena_chunk;

/* Zero-initialise; release with string_arena_release(). */
struct string_arena {
	struct string_arena_chunk *chunks;
	size_t used; /* bytes of the newest chunk */
	size_t cap;
};

/* A NUL-terminated copy of @text followed by @suffix ("" for none). */
const char *string_arena_add(struct string_arena *arena, const char *text, size_t len,
			     const char *suffix);
void string_arena_release(struct string_arena *arena);

#endif
