/* SPDX-License-Identifier: MIT */
/* Which functions of an object a name or glob means, asked of one source after the other. */
#include "common/alloc.h"
#include "loader/object_functions_internal.h"
#include "loader/object_symbols.h"
#include "symbolize/function_search.h"
#include "symbolize/object_files.h"
#include "symbolize/symtab.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

struct hits {
	struct object_function *items;
	size_t nr, cap;
	enum name_verdict best;
};

/* Of a function by its very name and one that only a glob matches, the first is meant. */
static void add_hit(struct hits *hits, const struct object_function *function,
		    enum name_verdict verdict)
{
	if (verdict < hits->best || verdict == NAME_DIFFERS)
		return;
	if (verdict > hits->best)
		hits->nr = 0;
	hits->best = verdict;
	GROW_ARRAY(hits->items, hits->nr, hits->cap);
	hits->items[hits->nr++] = *function;
}

static int on_symbol(const struct symbol *symbol, enum name_verdict verdict, void *arg)
{
	const struct object_function function = {.name = symbol->name,
						 .vaddr = symbol->vaddr,
						 .size = symbol->size,
						 .is_whole = !symbol->is_guessed,
						 .is_label = symbol->is_label};

	add_hit(arg, &function, verdict);
	return 0;
}

struct version_match {
	struct name_pattern name;
	const char *version;
	bool wants_default;
	struct hits *hits;
};

static int on_version(const struct object_symbol *symbol, void *arg)
{
	struct version_match *match = arg;
	const struct object_function function = {.name = symbol->name,
						 .vaddr = symbol->vaddr,
						 .size = symbol->size,
						 .is_whole = symbol->size != 0,
						 .is_label = symbol->type == STT_NOTYPE};

	if (!symbol->version || (match->wants_default && !symbol->is_default) ||
	    (symbol->type != STT_FUNC && symbol->type != STT_GNU_IFUNC &&
	     symbol->type != STT_NOTYPE) ||
	    fnmatch(match->version, symbol->version, 0) != 0)
		return 0;
	add_hit(match->hits, &function, name_pattern_judge(&match->name, symbol->name));
	return 0;
}

/* "fn@VERSION" and "fn@@VERSION". */
static void match_versions(struct object_functions *object, const char *pattern, struct hits *hits)
{
	const char *at = strrchr(pattern, '@');
	struct version_match match = {.hits = hits};
	_cleanup_free_ char *name = NULL;
	size_t len;

	if (!at || at == pattern || !at[1])
		return;
	match.version = at + 1;
	match.wants_default = at[-1] == '@';
	len = (size_t)(at - pattern) - match.wants_default;
	name = xstrndup(pattern, len);
	name_pattern_init(&match.name, name, false);
	object_symbols_each(object->code.image, on_version, &match);
}

static void take_search(const struct function_search *search, struct hits *hits)
{
	for (size_t i = 0; i < search->nr; i++) {
		const struct found_function *found = &search->functions[i];
		const struct object_function function = {.name = found->name,
							 .vaddr = found->vaddr,
							 .size = found->size,
							 .is_whole = found->size != 0};

		add_hit(hits, &function, found->verdict);
	}
}

/*
 * Go's table and DWARF: asked for every name the symbols do not have, and for globs where there are
 * only the symbols that stripping leaves.
 */
static void match_tables(struct object_functions *object, const struct name_pattern *pattern,
			 struct hits *hits)
{
	bool has_symbols = object_has_section(object->code.image, ".symtab") ||
			   object->debug_symtab;

	if (hits->nr && (has_symbols || hits->best == NAME_EQUALS))
		return;
	function_search_free(object->search);
	object->search = function_search_new();
	if (function_search_go(object->search, object->code.image, pattern) < 0)
		function_search_dwarf(object->search, object->code.image, object->path, pattern);
	take_search(object->search, hits);
}

static int compare_functions(const void *a, const void *b)
{
	const struct object_function *x = a, *y = b;

	return (x->vaddr > y->vaddr) - (x->vaddr < y->vaddr);
}

int object_functions_match(struct object_functions *object, const char *pattern, bool everything,
			   int (*fn)(const struct object_function *function, void *arg), void *arg)
{
	struct hits hits = {.best = NAME_DIFFERS};
	struct name_pattern name;
	int nr = 0;

	name_pattern_init(&name, pattern, everything || object_functions_is_go(object));
	symtab_match(object->symtab, &name, on_symbol, &hits);
	if (hits.best != NAME_EQUALS) {
		match_versions(object, pattern, &hits);
		if (object_functions_symtab(object) != object->symtab)
			symtab_match(object_functions_symtab(object), &name, on_symbol, &hits);
		match_tables(object, &name, &hits);
	}
	if (hits.nr)
		qsort(hits.items, hits.nr, sizeof(*hits.items), compare_functions);
	for (size_t i = 0; i < hits.nr; i++) {
		struct object_function *function = &hits.items[i];

		if ((i && function->vaddr == function[-1].vaddr) ||
		    object_code_off(&object->code, function->vaddr, &function->off) < 0)
			continue;
		function->probeable = object_code_probeable(&object->code, function->off);
		nr++;
		if (fn(function, arg) > 0)
			break;
	}
	free(hits.items);
	return nr;
}
