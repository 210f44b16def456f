/* SPDX-License-Identifier: MIT */
#include "symbolize/symbol_version.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* GLIBC_2.2.5, CURL_OPENSSL_4, libfoo.so.1, V1.0+git-2 */
static bool is_version(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)text[i]) && (!text[i] || !strchr("_.+-", text[i])))
			return false;
	}
	return len > 0;
}

size_t symbol_version_strip(const char *name, size_t len)
{
	const char *at = memchr(name, '@', len);
	size_t stem, mark;

	if (!at || at == name)
		return len;
	stem = (size_t)(at - name);
	mark = stem + 1 < len && name[stem + 1] == '@' ? 2 : 1;
	/* Versions belong to C's symbols: what ends otherwise has its '@' from its language. */
	if (!isalnum((unsigned char)name[stem - 1]) && name[stem - 1] != '_')
		return len;
	return is_version(name + stem + mark, len - stem - mark) ? stem : len;
}
