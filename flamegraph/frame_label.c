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

/* "a::b::C<…>" as "C<…>". */
static char *last_name(const char *path, size_t len)
{
	_cleanup_free_ char *whole = xstrndup(path, len);
	_cleanup_free_ char *brief = without_arguments(whole);
	const char *name = brief ? brief : whole;

	for (const char *scope = name; (scope = strstr(scope, "::"));)
		name = scope += 2;
	return xstrdup(name);
}

/* Behind the '>' of the '<' at the beginning, where " as " stands in between; NULL: no such name.
 */
static const char *end_of_path(const char *name, const char **ret_as)
{
	size_t depth = 0;

	*ret_as = NULL;
	for (const char *at = name; *at; at++) {
		if (*at == '<')
			depth++;
		else if (*at == '>' && at[-1] != '-' && --depth == 0)
			return at + 1;
		else if (depth == 1 && !*ret_as && !strncmp(at, " as ", 4))
			*ret_as = at;
	}
	return NULL;
}

/*
 * Rust's "<a::T<u8> as b::Trait>::f": "<T<…> as Trait>::f" with @trait, else "T<…>::f".  Without
 * the brackets' contents nobody would know whose f it is.  NULL: another kind of name.
 */
static char *of_implementation(const char *name, bool with_trait)
{
	_cleanup_free_ char *type = NULL, *trait = NULL;
	const char *as, *end = *name == '<' ? end_of_path(name, &as) : NULL;

	if (!end || strncmp(end, "::", 2) != 0)
		return NULL;
	type = last_name(name + 1, (size_t)((as ? as : end - 1) - name - 1));
	if (!as || !with_trait)
		return xasprintf("%s%s", type, end);
	trait = last_name(as + 4, (size_t)(end - 1 - as - 4));
	return xasprintf("<%s as %s>%s", type, trait, end);
}

/* Nobody knows a function by "operator()" or "{closure#0}" alone. */
static bool is_telling(const char *scope)
{
	return strncmp(scope, "::operator", 10) != 0 && scope[2] != '{';
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
		if (utf8_text_cells(scope) + 1 <= room && is_telling(scope))
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
	_cleanup_free_ char *brief = NULL, *own = NULL;
	const char *scope;
	char *label;

	if (room < LEAST_LETTERS)
		return NULL;
	if (utf8_text_cells(name) <= room)
		return xstrdup(name);
	brief = of_implementation(name, true);
	if (brief && utf8_text_cells(brief) > room) {
		free(brief);
		brief = of_implementation(name, false);
	}
	if (brief && utf8_text_cells(brief) <= room)
		return TAKE_PTR(brief);
	own = brief;
	brief = without_arguments(own ? own : name);
	if (!brief)
		brief = xstrdup(own ? own : name);
	if (utf8_text_cells(brief) <= room)
		return TAKE_PTR(brief);
	label = without_scopes(brief, room);
	if (label)
		return label;
	scope = brief;
	for (const char *next = brief; (next = next_scope(brief, next));) {
		if (is_telling(next))
			scope = next + 2;
		next += 2;
	}
	if (!*scope)
		scope = brief;
	return utf8_text_cells(scope) <= room ? xstrdup(scope) : cut_short(scope, room);
}
