/* SPDX-License-Identifier: MIT */
#include "loader/uprobe_spec.h"

#include "common/alloc.h"
#include "common/cleanup.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

static bool is_escaped(const char *spec, const char *colon)
{
	return colon > spec && colon[-1] == '\\';
}

static char *unescape(const char *text, size_t len)
{
	char *plain = xstrndup(text, len), *to = plain;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\\' && i + 1 < len && text[i + 1] == ':')
			continue;
		*to++ = text[i];
	}
	*to = '\0';
	return plain;
}

static bool is_file(const char *text, size_t len)
{
	_cleanup_free_ char *path = unescape(text, len);
	struct stat st;

	return strchr(path, '/') && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* The first ':' that is neither escaped nor half of a C++ "::". */
static const char *first_separator(const char *spec)
{
	for (const char *at = strchr(spec, ':'); at; at = strchr(at, ':')) {
		if (is_escaped(spec, at)) {
			at++;
			continue;
		}
		if (at[1] != ':')
			return at;
		at += 2;
	}
	return NULL;
}

/* The colon behind the longest path of a file. */
static const char *path_separator(const char *spec)
{
	const char *found = NULL;

	if (!strchr(spec, '/'))
		return NULL;
	for (const char *at = strchr(spec, ':'); at; at = strchr(at + 1, ':')) {
		if (at > spec && !is_escaped(spec, at) && is_file(spec, (size_t)(at - spec)))
			found = at;
	}
	return found;
}

void uprobe_spec_split(const char *spec, char **ret_object, const char **ret_function)
{
	const char *colon = path_separator(spec) ?: first_separator(spec);

	*ret_object = colon ? unescape(spec, (size_t)(colon - spec)) : NULL;
	*ret_function = colon ? colon + 1 : spec;
}

char *uprobe_spec_escape(const char *object)
{
	char *text = xcalloc(2 * strlen(object) + 1, 1), *to = text;

	for (; *object; object++) {
		if (*object == ':')
			*to++ = '\\';
		*to++ = *object;
	}
	return text;
}
