/* SPDX-License-Identifier: MIT */
#include "symbolize/rust_name.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define MAX_DIGITS 6

/* Length of the escape at @text, or 0. */
static size_t read_escape(const char *text, uint32_t *ret_character)
{
	uint32_t value = 0;
	size_t nr = 2;

	if (text[0] != '$' || text[1] != 'u')
		return 0;
	for (; nr < 2 + MAX_DIGITS && isxdigit((unsigned char)text[nr]); nr++) {
		int c = tolower((unsigned char)text[nr]);

		value = value * 16 + (uint32_t)(isdigit(c) ? c - '0' : c - 'a' + 10);
	}
	if (nr == 2 || text[nr] != '$' || value > 0x10ffff)
		return 0;
	/* C0, DEL and C1, and the halves of surrogate pairs */
	if (value < 0x20 || (value >= 0x7f && value < 0xa0) || (value >= 0xd800 && value < 0xe000))
		return 0;
	*ret_character = value;
	return nr + 1;
}

/* RFC 3629; shorter than its escape: "$u0$" has four bytes, "$u10000$" eight. */
static size_t put_character(char *at, uint32_t character)
{
	if (character < 0x80) {
		at[0] = (char)character;
		return 1;
	}
	if (character < 0x800) {
		at[0] = (char)(0xc0 | character >> 6);
		at[1] = (char)(0x80 | (character & 0x3f));
		return 2;
	}
	if (character < 0x10000) {
		at[0] = (char)(0xe0 | character >> 12);
		at[1] = (char)(0x80 | (character >> 6 & 0x3f));
		at[2] = (char)(0x80 | (character & 0x3f));
		return 3;
	}
	at[0] = (char)(0xf0 | character >> 18);
	at[1] = (char)(0x80 | (character >> 12 & 0x3f));
	at[2] = (char)(0x80 | (character >> 6 & 0x3f));
	at[3] = (char)(0x80 | (character & 0x3f));
	return 4;
}

void rust_name_unescape(char *name)
{
	char *out = strstr(name, "$u");
	const char *in = out;

	while (in && *in) {
		uint32_t character;
		size_t len = read_escape(in, &character);

		if (len) {
			out += put_character(out, character);
			in += len;
		} else {
			*out++ = *in++;
		}
	}
	if (out)
		*out = '\0';
}
