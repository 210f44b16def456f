/* SPDX-License-Identifier: MIT */
#include "symbolize/name_pattern.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "symbolize/demangle.h"

#include <ctype.h>
#include <fnmatch.h>
#include <string.h>

/* Words of demangled names that the mangled ones do not spell out, and how those say it. */
static const struct {
	const char *word;
	const char *raw; /* NULL: in more than one way */
} abbreviated[] = {
	{"lambda", "Ul"},	 {"closure", NULL},	  {"operator", NULL},
	{"allocator", NULL},	 {"string", NULL},	  {"basic_string", NULL},
	{"istream", NULL},	 {"ostream", NULL},	  {"iostream", NULL},
	{"basic_istream", NULL}, {"basic_ostream", NULL}, {"basic_iostream", NULL},
	{"std", NULL},		 {"thunk", NULL},	  {"unnamed", NULL},
	{"type", NULL},		 {"anonymous", NULL},	  {"namespace", NULL},
	{"shim", NULL},		 {"vtable", NULL},
};

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static void drop_abbreviated(struct name_pattern *pattern)
{
	for (size_t i = 0; i < sizeof(abbreviated) / sizeof(abbreviated[0]); i++) {
		size_t len = strlen(abbreviated[i].word);

		/* A piece of the word is as absent from the mangled name as the whole. */
		if (!memmem(abbreviated[i].word, len, pattern->literal, pattern->literal_len))
			continue;
		pattern->hint = abbreviated[i].raw;
		if (!pattern->hint)
			pattern->literal_len = 0;
		return;
	}
}

/*
 * Itanium and Rust manglings spell identifiers out, so the last one of the pattern has to be in
 * the raw name; that spares demangling nearly everything.
 */
static void find_literal(struct name_pattern *pattern)
{
	size_t len = strcspn(pattern->text, "(<[");
	const char *end = pattern->text + len;
	/* A template's full name begins with the type it returns. */
	const char *space = memrchr(pattern->text, ' ', len);
	const char *at = space ? space + 1 : pattern->text;

	if (strstr(pattern->text, "operator") || memchr(pattern->text, '~', len))
		return;
	for (const char *p = at; p + 1 < end; p++)
		if (p[0] == ':' && p[1] == ':')
			at = p + 2;
	while (at < end) {
		const char *start = at;

		while (at < end && is_word(*at))
			at++;
		if ((size_t)(at - start) > pattern->literal_len) {
			pattern->literal = start;
			pattern->literal_len = (size_t)(at - start);
		}
		if (at < end)
			at++;
	}
	if (pattern->literal_len)
		drop_abbreviated(pattern);
}

void name_pattern_init(struct name_pattern *pattern, const char *text, bool keep_parts)
{
	*pattern = (struct name_pattern){
		.text = text,
		.is_glob = strpbrk(text, "*?[") != NULL,
		.is_all = text[0] != '\0' && text[strspn(text, "*")] == '\0',
		.says_arguments = strpbrk(text, "<(") != NULL,
		.keep_parts = keep_parts,
	};
	find_literal(pattern);
}

bool name_is_part(const char *raw)
{
	const char *cold = strstr(raw, ".cold");
	const char *part = strstr(raw, ".part.");

	return (cold && cold != raw && (!cold[5] || cold[5] == '.')) ||
	       (part && part != raw && isdigit((unsigned char)part[6]));
}

static bool is_stub(const char *raw)
{
	const char *at = strrchr(raw, '@');

	return at && strcmp(at, "@plt") == 0;
}

static enum name_verdict judge_text(const struct name_pattern *pattern, const char *text)
{
	if (strcmp(pattern->text, text) == 0)
		return NAME_EQUALS;
	return pattern->is_glob && fnmatch(pattern->text, text, 0) == 0 ? NAME_MATCHES
									: NAME_DIFFERS;
}

static bool is_worth_demangling(const struct name_pattern *pattern, const char *raw)
{
	size_t len = strlen(raw);

	if (!pattern->literal_len || memmem(raw, len, pattern->literal, pattern->literal_len))
		return true;
	return pattern->hint && memmem(raw, len, pattern->hint, strlen(pattern->hint));
}

static bool looks_mangled(const char *raw)
{
	return !strncmp(raw, "_Z", 2) || !strncmp(raw, "__Z", 3) || !strncmp(raw, "_R", 2) ||
	       (!strncmp(raw, "_D", 2) && isdigit((unsigned char)raw[2]));
}

static enum name_verdict judge_demangled(const struct name_pattern *pattern, const char *raw)
{
	_cleanup_free_ char *full = demangle_name(raw, DEMANGLE_FULL);
	_cleanup_free_ char *brief = demangle_name(raw, DEMANGLE_SHORT);
	_cleanup_free_ char *simple = NULL;
	enum name_verdict of_full, of_brief;

	if (!strcmp(full, raw) && !strcmp(brief, raw))
		return NAME_DIFFERS;
	of_full = judge_text(pattern, full);
	of_brief = judge_text(pattern, brief);
	if (of_full == NAME_EQUALS || of_brief == NAME_EQUALS)
		return NAME_EQUALS;
	if (pattern->says_arguments)
		return of_full > of_brief ? of_full : of_brief;
	if (of_full == NAME_DIFFERS && of_brief == NAME_DIFFERS)
		return NAME_DIFFERS;
	simple = demangle_name(raw, DEMANGLE_SIMPLE);
	return judge_text(pattern, simple) == NAME_DIFFERS ? NAME_DIFFERS : NAME_MATCHES;
}

enum name_verdict name_pattern_judge(const struct name_pattern *pattern, const char *raw)
{
	bool is_hidden_part = !pattern->keep_parts && name_is_part(raw) &&
			      !strstr(pattern->text, ".cold") && !strstr(pattern->text, ".part");
	enum name_verdict verdict;

	/* A PLT stub is no function of its own: "malloc*" does not mean malloc@plt. */
	if (is_stub(raw) && !strchr(pattern->text, '@'))
		return NAME_DIFFERS;
	verdict = judge_text(pattern, raw);
	if (verdict == NAME_EQUALS || is_hidden_part)
		return verdict == NAME_EQUALS ? verdict : NAME_DIFFERS;
	if (pattern->is_all || !is_worth_demangling(pattern, raw))
		return looks_mangled(raw) && !pattern->is_all && pattern->text[0] != '_'
			       ? NAME_DIFFERS
			       : verdict;
	if (looks_mangled(raw) && pattern->text[0] != '_')
		verdict = NAME_DIFFERS;
	return verdict == NAME_DIFFERS ? judge_demangled(pattern, raw) : verdict;
}
