/* SPDX-License-Identifier: MIT */
#include "flamegraph/folded_name.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/frame.h"
#include "flamegraph/folded_line.h"
#include "flamegraph/utf8.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SUFFIX_BYTES	4
#define BYTE_ORDER_MARK 0xfeffu

const char *folded_suffix(unsigned int kind)
{
	switch (kind) {
	case FRAME_KIND_KERNEL:
		return "_[k]";
	case FRAME_KIND_INLINED:
		return "_[i]";
	case FRAME_KIND_JIT:
		return "_[j]";
	default:
		return "";
	}
}

/* One character of a name; marks are comms and the like, in which readers expect no blanks. */
static uint32_t clean_char(uint32_t character, bool is_mark)
{
	if (character == '\t' || character == '\n' || character == '\r')
		character = ' ';
	if (character == ' ' && is_mark)
		return '_';
	/* A byte order mark at the start of a file is not read back. */
	if (utf8_is_control(character) || character == BYTE_ORDER_MARK)
		return '?';
	/* flamegraph.pl and inferno would put it into their XML, which cannot hold it. */
	if (!utf8_is_xml(character))
		return UTF8_REPLACEMENT;
	return character == ';' ? ':' : character;
}

static size_t trimmed_length(const char *text, size_t len, size_t *ret_start)
{
	size_t start = 0;

	while (start < len && text[start] == ' ')
		start++;
	while (len > start && text[len - 1] == ' ')
		len--;
	*ret_start = start;
	return len - start;
}

/* Does @text end in a blank and a number ("operator new 12", "x 1.5")?  Gives the blank's place. */
static bool ends_in_number(const char *text, size_t len, size_t *ret_blank)
{
	size_t at = len;
	bool digits_before_point;

	while (at > 0 && isdigit((unsigned char)text[at - 1]))
		at--;
	if (at > 0 && text[at - 1] == '.') {
		size_t point = --at;

		while (at > 0 && isdigit((unsigned char)text[at - 1]))
			at--;
		digits_before_point = at < point;
	} else {
		digits_before_point = at < len;
	}
	if (!digits_before_point || at == 0 || text[at - 1] != ' ')
		return false;
	*ret_blank = at - 1;
	return true;
}

static char *clean(const struct frame *frame, size_t *ret_len)
{
	const char *name = frame->name;
	size_t len = strlen(name);
	bool is_mark = frame->kind == FRAME_KIND_MARK;
	char *text = xmalloc(len * UTF8_MAX + sizeof("[unknown]") + SUFFIX_BYTES);
	size_t used = 0, start;

	while (len) {
		uint32_t character;
		size_t taken = utf8_decode(name, len, &character);

		used += utf8_encode(clean_char(character, is_mark), text + used);
		name += taken;
		len -= taken;
	}
	used = trimmed_length(text, used, &start);
	memmove(text, text + start, used);
	if (!used) {
		used = strlen("[unknown]");
		memcpy(text, "[unknown]", used);
	}
	/* "# ..." would be a comment to some readers. */
	if (text[0] == '#' && (used == 1 || text[1] == ' '))
		text[0] = '?';
	*ret_len = used;
	return text;
}

char *folded_name(const struct frame *frame, bool is_leaf)
{
	const char *suffix = folded_suffix(frame->kind);
	size_t len, blank;
	char *text = clean(frame, &len);

	/* Other readers know no exponents, but take what is too large for us. */
	if (is_leaf && !*suffix &&
	    (ends_in_number(text, len, &blank) || folded_line_ends_in_count(text, len, &blank)))
		text[blank] = '_';
	memcpy(text + len, suffix, strlen(suffix) + 1);
	return text;
}

bool folded_name_depends_on_leaf(const struct frame *frame)
{
	_cleanup_free_ char *as_caller = folded_name(frame, false);
	_cleanup_free_ char *as_leaf = folded_name(frame, true);

	return strcmp(as_caller, as_leaf) != 0;
}
