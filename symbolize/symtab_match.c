/* SPDX-License-Identifier: MIT */
/* Finding functions by name or glob, for probes. */
#include "common/alloc.h"
#include "common/cleanup.h"
#include "symbolize/demangle.h"
#include "symbolize/symtab_internal.h"

#include <ctype.h>
#include <fnmatch.h>
#include <string.h>

struct matcher {
	const char *pattern;
	bool is_glob;
	const char *literal; /* what a mangled name has to contain to be worth demangling */
	size_t literal_len;
};

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/*
 * Itanium and Rust manglings spell identifiers out, so the last one of the pattern has to be in
 * the raw name; that spares demangling nearly everything.
 */
static void find_literal(struct matcher *matcher)
{
	size_t len = strcspn(matcher->pattern, "(<[ ");
	const char *end = matcher->pattern + len;
	const char *at = matcher->pattern;

	if (strstr(matcher->pattern, "operator") || memchr(matcher->pattern, '~', len))
		return;
	for (const char *p = at; p + 1 < end; p++)
		if (p[0] == ':' && p[1] == ':')
			at = p + 2;
	while (at < end) {
		const char *start = at;

		while (at < end && is_word(*at))
			at++;
		if ((size_t)(at - start) > matcher->literal_len) {
			matcher->literal = start;
			matcher->literal_len = (size_t)(at - start);
		}
		if (at < end)
			at++;
	}
}

static bool matches_text(const struct matcher *matcher, const char *text)
{
	if (strcmp(matcher->pattern, text) == 0)
		return true;
	return matcher->is_glob && fnmatch(matcher->pattern, text, 0) == 0;
}

static bool matches_demangled(const struct matcher *matcher, const char *raw,
			      enum demangle_mode mode)
{
	_cleanup_free_ char *text = demangle_name(raw, mode);

	return strcmp(text, raw) != 0 && matches_text(matcher, text);
}

static bool is_plt_stub(const char *raw)
{
	static const char suffix[] = "@plt";
	size_t len = strlen(raw);

	return len >= strlen(suffix) && strcmp(raw + len - strlen(suffix), suffix) == 0;
}

static bool matches(const struct matcher *matcher, const struct symbol *symbol)
{
	const char *raw = symbol->name;

	/* A PLT stub is no function of its own: "malloc*" does not mean malloc@plt. */
	if (is_plt_stub(raw) && !strchr(matcher->pattern, '@'))
		return false;
	if (matches_text(matcher, raw))
		return true;
	if (raw[0] != '_')
		return false;
	if (matcher->literal_len &&
	    !memmem(raw, strlen(raw), matcher->literal, matcher->literal_len))
		return false;
	return matches_demangled(matcher, raw, DEMANGLE_SHORT) ||
	       matches_demangled(matcher, raw, DEMANGLE_FULL);
}

int symtab_match(const struct symtab *symtab, const char *pattern,
		 int (*fn)(const struct symbol *symbol, void *arg), void *arg)
{
	struct matcher matcher = {.pattern = pattern, .is_glob = strpbrk(pattern, "*?[") != NULL};
	uint64_t reported = 0;
	int nr_matches = 0;

	find_literal(&matcher);
	for (size_t i = 0; i < symtab->list.nr; i++) {
		const struct symbol *symbol = &symtab->list.items[i].symbol;

		if ((nr_matches && symbol->vaddr == reported) || !matches(&matcher, symbol))
			continue;
		reported = symbol->vaddr;
		nr_matches++;
		if (fn(symbol, arg) > 0)
			break;
	}
	return nr_matches;
}
