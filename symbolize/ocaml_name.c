/* SPDX-License-Identifier: MIT */
#include "symbolize/ocaml_name.h"

#include "common/alloc.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static int hex_value(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * The character "$XY" stands for, or 0: only what no identifier has is spelled like that, so "$ad"
 * of "List$add_12" is a separator and the beginning of a name.
 */
static char escaped(const char *text)
{
	int high = hex_value(text[1]);
	int low = high < 0 ? -1 : hex_value(text[2]);
	int value = high * 16 + low;

	return low >= 0 && value < 0x7f && ispunct(value) && value != '_' ? (char)value : '\0';
}

/* Length of @text without the number that keeps equal names apart. */
static size_t without_stamp(const char *text)
{
	size_t len = strlen(text), end = len;

	while (end && isdigit((unsigned char)text[end - 1]))
		end--;
	return end < len && end > 1 && text[end - 1] == '_' ? end - 1 : len;
}

char *ocaml_name(const char *raw)
{
	static const char prefix[] = "caml";
	size_t len, nr = 0;
	char *out;

	if (strncmp(raw, prefix, strlen(prefix)) != 0 ||
	    !isupper((unsigned char)raw[strlen(prefix)]))
		return NULL;
	raw += strlen(prefix);
	len = without_stamp(raw);
	out = xmalloc(len + 1);
	for (size_t i = 0; i < len;) {
		char c = raw[i] == '$' ? escaped(raw + i) : '\0';

		if (c) {
			out[nr++] = c;
			i += 3;
		} else if (raw[i] == '_' && raw[i + 1] == '_' && i + 2 < len && raw[i + 2] != '_') {
			out[nr++] = '.';
			i += 2;
		} else {
			out[nr++] = raw[i] == '$' ? '.' : raw[i];
			i++;
		}
	}
	out[nr] = '\0';
	return out;
}
