/* SPDX-License-Identifier: MIT */
#include "flamegraph/markup.h"

#include "flamegraph/utf8.h"

#include <inttypes.h>
#include <string.h>

static const char *escape_of(uint32_t character)
{
	switch (character) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	case '\t':
	case '\n':
	case '\r':
		return " ";
	default:
		return NULL;
	}
}

void markup_bytes(FILE *out, const char *text, size_t len)
{
	while (len) {
		uint32_t character;
		size_t nr = utf8_decode(text, len, &character);
		const char *escape = escape_of(character);
		char bytes[UTF8_MAX];

		if (escape) {
			fputs(escape, out);
		} else {
			if (!utf8_is_xml(character))
				character = UTF8_REPLACEMENT;
			fwrite(bytes, 1, utf8_encode(character, bytes), out);
		}
		text += nr;
		len -= nr;
	}
}

void markup_text(FILE *out, const char *text)
{
	markup_bytes(out, text, strlen(text));
}

const char *markup_count(uint64_t value, char *text)
{
	char digits[MARKUP_COUNT_MAX];
	int nr = snprintf(digits, sizeof(digits), "%" PRIu64, value);
	char *to = text;

	for (int i = 0; i < nr; i++) {
		if (i && (nr - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return text;
}

void markup_pixels(FILE *out, double value)
{
	int64_t tenths = (int64_t)(value * 10 + (value < 0 ? -0.5 : 0.5));

	if (tenths % 10)
		fprintf(out, "%s%" PRId64 ".%d", tenths < 0 && tenths > -10 ? "-" : "", tenths / 10,
			(int)(tenths < 0 ? -tenths % 10 : tenths % 10));
	else
		fprintf(out, "%" PRId64, tenths / 10);
}

double markup_percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}
