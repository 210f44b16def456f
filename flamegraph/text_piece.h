/* SPDX-License-Identifier: MIT */
/* A part of a text that is being read, where it stands. */
#ifndef CTRACE_FLAMEGRAPH_TEXT_PIECE_H
#define CTRACE_FLAMEGRAPH_TEXT_PIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct text_piece {
	const char *text;
	size_t len;
};

static inline bool text_is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r';
}

static inline struct text_piece text_piece_trimmed(const char *text, size_t len)
{
	while (len && text_is_blank(text[len - 1]))
		len--;
	while (len && text_is_blank(*text)) {
		text++;
		len--;
	}
	return (struct text_piece){text, len};
}

/* The line that @rest begins with, its end excluded; @rest is then what follows. */
static inline struct text_piece text_piece_line(struct text_piece *rest)
{
	const char *end = memchr(rest->text, '\n', rest->len);
	struct text_piece line = {rest->text, end ? (size_t)(end - rest->text) : rest->len};
	size_t used = line.len + (end != NULL);

	rest->text += used;
	rest->len -= used;
	return line;
}

#endif
