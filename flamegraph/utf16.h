/* SPDX-License-Identifier: MIT */
/* UTF-16, as PowerShell's > and some editors on Windows write it, told apart and made UTF-8. */
#ifndef CTRACE_FLAMEGRAPH_UTF16_H
#define CTRACE_FLAMEGRAPH_UTF16_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum utf16_order { UTF16_NOT, UTF16_LITTLE, UTF16_BIG };

/* By the byte order mark a text begins with, or by every second byte of its beginning being 0. */
enum utf16_order utf16_sniff(const uint8_t *text, size_t len);

/*
 * Writes at most @size bytes and returns how many.  *ret_used of @text were read; half a character
 * at its end is left for the next time, but in what is @last.  Halves of pairs become U+FFFD, byte
 * order marks nothing.
 */
size_t utf16_decode(const uint8_t *text, size_t len, enum utf16_order order, bool last,
		    char *ret_text, size_t size, size_t *ret_used);

#endif
