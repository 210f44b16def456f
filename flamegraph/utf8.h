/* SPDX-License-Identifier: MIT */
/* Names come from ELF files and processes: any bytes.  Outputs are UTF-8. */
#ifndef CTRACE_FLAMEGRAPH_UTF8_H
#define CTRACE_FLAMEGRAPH_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT 0xfffdu
#define UTF8_MAX	 4 /* bytes of one character */

/*
 * The character at @text, of which @len > 0 bytes may be read.  Returns the bytes it takes; what is
 * no UTF-8 (surrogates and overlong forms too) is U+FFFD, one byte at a time.
 */
size_t utf8_decode(const char *text, size_t len, uint32_t *ret_char);
/* Writes at most UTF8_MAX bytes, returns how many. */
size_t utf8_encode(uint32_t character, char *text);

/* C0, DEL and C1. */
static inline bool utf8_is_control(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

/* What XML 1.0 can hold at all. */
static inline bool utf8_is_xml(uint32_t character)
{
	return !utf8_is_control(character) && character != 0xfffe && character != 0xffff;
}

/*
 * How many columns of a fixed-width font the character takes: 2 for CJK and emoji, 0 for marks that
 * lie on the letter before.  engine/label.js has the same ranges.
 */
unsigned int utf8_cells(uint32_t character);
size_t utf8_text_cells(const char *text);
/* The bytes of as many whole characters at the start of @text as fit @cells columns. */
size_t utf8_fit(const char *text, size_t cells);

/* @text with U+FFFD for what is no UTF-8; to be freed. */
char *utf8_copy(const char *text);

#endif
