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

struct char_range {
	uint32_t first, last;
};

static bool is_in(const struct char_range *ranges, size_t nr, uint32_t character)
{
	size_t low = 0;

	while (low < nr) {
		size_t middle = low + (nr - low) / 2;

		if (character > ranges[middle].last)
			low = middle + 1;
		else if (character < ranges[middle].first)
			nr = middle;
		else
			return true;
	}
	return false;
}

unsigned int utf8_cells(uint32_t character)
{
	static const struct char_range none[] = {
		{0x300, 0x36f},	  {0x483, 0x489},   {0x591, 0x5bd},	{0x610, 0x61a},
		{0x64b, 0x65f},	  {0xe34, 0xe3a},   {0xe47, 0xe4e},	{0x200b, 0x200f},
		{0x202a, 0x202e}, {0x2060, 0x2064}, {0x20d0, 0x20ff},	{0xfe00, 0xfe0f},
		{0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xe0100, 0xe01ef},
	};
	static const struct char_range wide[] = {
		{0x1100, 0x115f},   {0x231a, 0x231b}, {0x23e9, 0x23f3}, {0x25fd, 0x25fe},
		{0x2600, 0x27bf},   {0x2b1b, 0x2b55}, {0x2e80, 0x303e}, {0x3041, 0xa4cf},
		{0xa960, 0xa97f},   {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe10, 0xfe19},
		{0xfe30, 0xfe6f},   {0xff01, 0xff60}, {0xffe0, 0xffe6}, {0x1f000, 0x1faff},
		{0x20000, 0x3fffd},
	};

	if (character < none[0].first)
		return 1;
	if (is_in(none, sizeof(none) / sizeof(none[0]), character))
		return 0;
	return is_in(wide, sizeof(wide) / sizeof(wide[0]), character) ? 2 : 1;
}

size_t utf8_text_cells(const char *text)
{
	size_t cells = 0, len = strlen(text);
	uint32_t character;

	for (size_t at = 0; at < len;) {
		at += utf8_decode(text + at, len - at, &character);
		cells += utf8_cells(character);
	}
	return cells;
}

size_t utf8_fit(const char *text, size_t cells)
{
	size_t at = 0, used = 0, len = strlen(text);
	uint32_t character;

	while (at < len) {
		size_t taken = utf8_decode(text + at, len - at, &character);

		used += utf8_cells(character);
		if (used > cells)
			break;
		at += taken;
	}
	return at;
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
