/* SPDX-License-Identifier: MIT */
/* The demangler's texts, its place in the name, its limits. */
#include "common/alloc.h"
#include "symbolize/itanium_parser.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES 4096

struct text_chunk {
	struct text_chunk *older;
	size_t nr, cap;
	char bytes[];
};

void itanium_fail(struct itanium *p)
{
	p->failed = true;
	p->at = p->end;
}

bool itanium_enter(struct itanium *p)
{
	if (p->failed || p->depth >= ITANIUM_MAX_DEPTH || ++p->nr_steps > ITANIUM_MAX_STEPS) {
		itanium_fail(p);
		return false;
	}
	p->depth++;
	return true;
}

void itanium_leave(struct itanium *p)
{
	p->depth--;
}

/* Room for @len bytes, or NULL: the name grows too large. */
static char *reserve(struct itanium *p, size_t len)
{
	struct text_chunk *chunk = p->chunks;
	char *room;

	if (len > ITANIUM_MAX_TEXT - p->nr_text) {
		itanium_fail(p);
		return NULL;
	}
	if (!chunk || chunk->cap - chunk->nr < len) {
		size_t cap = len > CHUNK_BYTES ? len : CHUNK_BYTES;

		chunk = xmalloc(sizeof(*chunk) + cap);
		*chunk = (struct text_chunk){.older = p->chunks, .cap = cap};
		p->chunks = chunk;
	}
	room = chunk->bytes + chunk->nr;
	chunk->nr += len;
	p->nr_text += len;
	return room;
}

static size_t joined_size(const char *format, va_list args)
{
	size_t len = 0;

	for (; *format; format++)
		len += *format == '%' ? va_arg(args, struct text).len : 1;
	return len;
}

struct text itanium_join(struct itanium *p, const char *format, ...)
{
	va_list args;
	size_t len, nr = 0;
	char *room;

	va_start(args, format);
	len = joined_size(format, args);
	va_end(args);
	room = reserve(p, len);
	if (!room || !len)
		return TEXT("");
	va_start(args, format);
	for (const char *f = format; *f; f++) {
		if (*f == '%') {
			struct text part = va_arg(args, struct text);

			memcpy(room + nr, part.at, part.len);
			nr += part.len;
		} else {
			room[nr++] = *f;
		}
	}
	va_end(args);
	return (struct text){room, len};
}

void itanium_free_text(struct itanium *p)
{
	while (p->chunks) {
		struct text_chunk *older = p->chunks->older;

		free(p->chunks);
		p->chunks = older;
	}
}

void itanium_forget_arguments(struct itanium *p)
{
	for (size_t i = 0; i < p->nr_arguments; i++)
		free(p->arguments[i].pack);
	p->nr_arguments = 0;
}

struct text itanium_flat(struct itanium *p, const struct type_text *type)
{
	if (!type->right.len)
		return type->left;
	return itanium_join(p, type->is_function ? "% %" : "%%", type->left, type->right);
}

bool itanium_looks_at(const struct itanium *p, const char *literal)
{
	size_t len = strlen(literal);

	return (size_t)(p->end - p->at) >= len && memcmp(p->at, literal, len) == 0;
}

bool itanium_takes(struct itanium *p, const char *literal)
{
	if (!itanium_looks_at(p, literal))
		return false;
	p->at += strlen(literal);
	return true;
}

char itanium_peek(const struct itanium *p, size_t ahead)
{
	return (size_t)(p->end - p->at) > ahead ? p->at[ahead] : '\0';
}

bool itanium_number(struct itanium *p, struct text *ret_digits)
{
	const char *start = p->at;

	itanium_takes(p, "n");
	while (p->at < p->end && *p->at >= '0' && *p->at <= '9')
		p->at++;
	*ret_digits = (struct text){start, (size_t)(p->at - start)};
	return p->at > start;
}

static int digit_value(char c, unsigned int base)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return base == 36 && c >= 'A' && c <= 'Z' ? c - 'A' + 10 : -1;
}

bool itanium_index(struct itanium *p, unsigned int base, size_t *ret_index)
{
	size_t index = 0;
	bool has_digits = false;

	while (p->at < p->end && digit_value(*p->at, base) >= 0) {
		index = index * base + (size_t)digit_value(*p->at++, base);
		has_digits = true;
		if (index > UINT32_MAX)
			return false;
	}
	*ret_index = index + has_digits;
	return itanium_takes(p, "_");
}

void itanium_add_substitution(struct itanium *p, const struct type_text *type)
{
	GROW_ARRAY(p->substitutions, p->nr_substitutions, p->cap_substitutions);
	p->substitutions[p->nr_substitutions++] = *type;
}
