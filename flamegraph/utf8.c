/* SPDX-License-Identifier: MIT */
#include "flamegraph/utf8.h"

#include "common/alloc.h"

#include <string.h>

static bool is_tail(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

size_t utf8_decode(const char *text, size_t len, uint32_t *ret_char)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char lead = (unsigned char)text[0];
	uint32_t character;
	size_t nr;

	*ret_char = lead;
	if (lead < 0x80)
		return 1;
	*ret_char = UTF8_REPLACEMENT;
	nr = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
	if (lead < 0xc2 || lead > 0xf4 || nr > len)
		return 1;
	character = lead & (0x7fu >> nr);
	for (size_t i = 1; i < nr; i++) {
		if (!is_tail(text[i]))
			return 1;
		character = character << 6 | ((unsigned char)text[i] & 0x3f);
	}
	if (character < smallest[nr] || character > 0x10ffff ||
	    (character >= 0xd800 && character <= 0xdfff))
		return 1;
	*ret_char = character;
	return nr;
}

size_t utf8_encode(uint32_t character, char *text)
{
	static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t nr = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;

	if (character < 0x80) {
		text[0] = (char)character;
		return 1;
	}
	for (size_t i = nr - 1; i > 0; i--) {
		text[i] = (char)(0x80 | (character & 0x3f));
		character >>= 6;
	}
	text[0] = (char)(lead[nr] | character);
	return nr;
}

char *utf8_copy(const char *text)
{
	size_t len = strlen(text);
	char *valid = xmalloc(len * UTF8_MAX + 1);
	size_t used = 0;

	while (len) {
		uint32_t character;
		size_t nr = utf8_decode(text, len, &character);

		used += utf8_encode(character, valid + used);
		text += nr;
		len -= nr;
	}
	valid[used] = '\0';
	return valid;
}
