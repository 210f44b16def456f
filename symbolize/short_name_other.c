/* SPDX-License-Identifier: MIT */
/* Short forms of names that are not C++: compiler suffixes, Rust, D. */
#include "common/alloc.h"
#include "symbolize/short_name.h"

#include <ctype.h>
#include <string.h>

/* Suffixes that end in a number, and those that may stand alone. */
static const char *const numbered_suffixes[] = {".llvm",      ".lto_priv", ".part", ".isra",
						".constprop", ".__uniq",   ".cold", ".clone"};
static const char *const plain_suffixes[] = {".cold", ".localalias", ".warm",
					     ".hot",  ".abi0",	     ".lto_priv"};

static bool is_one_of(const char *text, size_t len, const char *const *list, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (strlen(list[i]) == len && memcmp(list[i], text, len) == 0)
			return true;
	return false;
}

#define IS_ONE_OF(text, len, list) is_one_of(text, len, list, sizeof(list) / sizeof((list)[0]))

/* @raw without its last suffix, or @len if the last component is none. */
static size_t without_last_suffix(const char *raw, size_t len)
{
	size_t end = len;
	const char *dot;

	while (end > 0 && isdigit((unsigned char)raw[end - 1]))
		end--;
	if (end < len && end > 1 && raw[end - 1] == '.') {
		dot = memrchr(raw, '.', end - 1);
		if (dot && dot > raw &&
		    IS_ONE_OF(dot, (size_t)(raw + end - 1 - dot), numbered_suffixes))
			return (size_t)(dot - raw);
	}
	dot = memrchr(raw, '.', len);
	if (dot && dot > raw && IS_ONE_OF(dot, (size_t)(raw + len - dot), plain_suffixes))
		return (size_t)(dot - raw);
	return len;
}

size_t short_name_without_clone_suffix(const char *raw, size_t len)
{
	for (;;) {
		size_t shorter = without_last_suffix(raw, len);

		if (shorter == len)
			return len;
		len = shorter;
	}
}

/* Position behind the bracket that closes the one at @pos, or 0; "->" closes nothing. */
static size_t bracket_end(const char *text, size_t pos, char open, char close)
{
	size_t depth = 0;

	for (; text[pos]; pos++) {
		if (text[pos] == open)
			depth++;
		else if (text[pos] == close && !(close == '>' && pos && text[pos - 1] == '-'))
			depth--;
		else
			continue;
		if (depth == 0)
			return pos + 1;
	}
	return 0;
}

char *short_name_rust_collapsed(const char *name)
{
	char *out = xmalloc(strlen(name) + 1);
	size_t nr = 0;

	for (size_t pos = 0; name[pos];) {
		bool is_generic = name[pos] == '<' && pos > 0 &&
				  (isalnum((unsigned char)name[pos - 1]) || name[pos - 1] == '_' ||
				   name[pos - 1] == ':');
		size_t end = is_generic ? bracket_end(name, pos, '<', '>') : 0;

		if (end == 0) {
			out[nr++] = name[pos++];
			continue;
		}
		/* "foo::<impl Bar for Baz>::f" names the place, not an argument. */
		if (strncmp(name + pos, "<impl ", 6) == 0) {
			out[nr++] = name[pos++];
			continue;
		}
		out[nr++] = '<';
		out[nr++] = '>';
		pos = end;
	}
	out[nr] = '\0';
	return out;
}

char *short_name_dlang(const char *name, bool collapse)
{
	char *out = xmalloc(strlen(name) + 1);
	size_t nr = 0;

	for (size_t pos = 0; name[pos];) {
		bool is_template = pos > 0 && name[pos - 1] == '!';
		size_t end = name[pos] == '(' && pos > 0 ? bracket_end(name, pos, '(', ')') : 0;

		if (end == 0) {
			out[nr++] = name[pos++];
			continue;
		}
		if (is_template && !collapse) {
			memcpy(out + nr, name + pos, end - pos);
			nr += end - pos;
		} else if (is_template) {
			out[nr++] = '(';
			out[nr++] = ')';
		}
		pos = end;
	}
	out[nr] = '\0';
	return out;
}
