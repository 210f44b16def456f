/* SPDX-License-Identifier: MIT */
#include "flamegraph/utf16.h"

#include "flamegraph/utf8.h"

#define SNIFFED_BYTES	((size_t)64)
#define MIN_BYTES	((size_t)8) /* to be told without a mark */
#define BYTE_ORDER_MARK 0xfeffu

static bool is_zero_at(const uint8_t *text, size_t len, size_t first)
{
	len = len < SNIFFED_BYTES ? len & ~(size_t)1 : SNIFFED_BYTES;
	if (len < MIN_BYTES)
		return false;
	for (size_t i = 0; i < len; i++) {
		if ((text[i] == 0) != (i % 2 == first))
			return false;
	}
	return true;
}

enum utf16_order utf16_sniff(const uint8_t *text, size_t len)
{
	if (len >= 2 && text[0] == 0xff && text[1] == 0xfe)
		return UTF16_LITTLE;
	if (len >= 2 && text[0] == 0xfe && text[1] == 0xff)
		return UTF16_BIG;
	if (is_zero_at(text, len, 1))
		return UTF16_LITTLE;
	return is_zero_at(text, len, 0) ? UTF16_BIG : UTF16_NOT;
}

static uint32_t unit_at(const uint8_t *text, enum utf16_order order)
{
	return order == UTF16_BIG ? (uint32_t)text[0] << 8 | text[1]
				  : (uint32_t)text[1] << 8 | text[0];
}

static bool is_high(uint32_t unit)
{
	return unit >= 0xd800 && unit < 0xdc00;
}

static bool is_low(uint32_t unit)
{
	return unit >= 0xdc00 && unit < 0xe000;
}

/* Bytes used; 0: there are too few. */
static size_t take_character(const uint8_t *text, size_t len, enum utf16_order order, bool last,
			     uint32_t *ret_char)
{
	uint32_t unit;

	*ret_char = UTF8_REPLACEMENT;
	if (len < 2)
		return last ? len : 0;
	unit = unit_at(text, order);
	if (!is_high(unit)) {
		if (!is_low(unit))
			*ret_char = unit;
		return 2;
	}
	if (len < 4)
		return last ? 2 : 0;
	if (!is_low(unit_at(text + 2, order)))
		return 2;
	*ret_char = 0x10000 + ((unit - 0xd800) << 10) + (unit_at(text + 2, order) - 0xdc00);
	return 4;
}

size_t utf16_decode(const uint8_t *text, size_t len, enum utf16_order order, bool last,
		    char *ret_text, size_t size, size_t *ret_used)
{
	size_t at = 0, nr = 0;

	while (at < len && nr + UTF8_MAX <= size) {
		uint32_t character;
		size_t used = take_character(text + at, len - at, order, last, &character);

		if (!used)
			break;
		if (character != BYTE_ORDER_MARK)
			nr += utf8_encode(character, ret_text + nr);
		at += used;
	}
	*ret_used = at;
	return nr;
}
