/* SPDX-License-Identifier: MIT */
#include "flamegraph/frame_label.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "flamegraph/utf8.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ELLIPSIS      "\xe2\x80\xa6"
#define LEAST_LETTERS 3

static bool is_operator(const char *name, size_t at)
{
	return at >= 8 && !memcmp(name + at - 8, "operator", 8);
}

/*
 * "f<int>(char)" as "f<…>(…)".  NULL when brackets do not pair up, as in "operator<" or a name that
 * was cut.
 */
static char *without_arguments(const char *name)
{
	char *text = xmalloc(strlen(name) * strlen(ELLIPSIS) + 1);
	size_t used = 0, depth = 0;

	for (size_t i = 0; name[i]; i++) {
		bool opens = name[i] == '<' || name[i] == '(';
		bool closes = name[i] == '>' || name[i] == ')';

		if ((opens && is_operator(name, i) && name[i] == '<') ||
		    (closes && i && name[i] == '>' && name[i - 1] == '-')) {
			free(text);
			return NULL;
		}
		if (closes && depth && !--depth && name[i - 1] != '(') {
			memcpy(text + used, ELLIPSIS, strlen(ELLIPSIS));
			used += strlen(ELLIPSIS);
		}
		if (!depth)
			text[used++] = name[i];
		if (opens)
			depth++;
	}
	text[used] = '\0';
	if (!depth)
		return text;
	free(text);
	return NULL;
}

/* The next "::" that is not inside parameters. */
static const char *next_scope(const char *name, const char *from)
{
	const char *scope = strstr(from, "::");
	const char *parameters = *name ? strchr(name + 1, '(') : NULL;

	return scope && parameters && scope > parameters ? NULL : scope;
}

/* As few leading scopes off as will do; the last name stays. */
static char *without_scopes(const char *name, size_t room)
{
	const char *scope = name;

	while ((scope = next_scope(name, scope))) {
		if (utf8_text_cells(scope) + 1 <= room)
			return xasprintf(ELLIPSIS "%s", scope);
		scope += 2;
	}
	return NULL;
}

static char *cut_short(const char *text, size_t room)
{
	size_t len = utf8_fit(text, room - 1), mark = strlen(ELLIPSIS);

	if (len >= mark && !memcmp(text + len - mark, ELLIPSIS, mark))
		len -= mark;
	return xasprintf("%.*s" ELLIPSIS, (int)len, text);
}

char *frame_label(const char *name, size_t room)
{
	_cleanup_free_ char *brief = NULL;
	const char *scope;
	char *label;

	if (room < LEAST_LETTERS)
		return NULL;
	if (utf8_text_cells(name) <= room)
		return xstrdup(name);
	brief = without_arguments(name);
	if (!brief)
		brief = xstrdup(name);
	if (utf8_text_cells(brief) <= room)
		return TAKE_PTR(brief);
	label = without_scopes(brief, room);
	if (label)
		return label;
	scope = brief;
	for (const char *next = brief; (next = next_scope(brief, next)); scope = next)
		next += 2;
	if (!*scope)
		scope = brief;
	return cut_short(scope, room);
}
