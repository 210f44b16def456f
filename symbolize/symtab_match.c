/* SPDX-License-Identifier: MIT */
/* Finding functions by name or glob, for probes. */
#include "common/alloc.h"
#include "common/cleanup.h"
#include "symbolize/name_pattern.h"
#include "symbolize/symtab_internal.h"

/* Indices of the symbols that match, in order of address, each address once. */
struct hits {
	uint32_t *items;
	size_t nr, cap;
	enum name_verdict best;
};

static void add_hit(const struct symtab *symtab, uint32_t index, enum name_verdict verdict,
		    struct hits *hits)
{
	const struct symbol_entry *items = symtab->list.items;

	if (verdict < hits->best)
		return;
	if (verdict > hits->best) {
		hits->best = verdict;
		hits->nr = 0;
	}
	if (hits->nr && items[hits->items[hits->nr - 1]].symbol.vaddr == items[index].symbol.vaddr)
		return;
	GROW_ARRAY(hits->items, hits->nr, hits->cap);
	hits->items[hits->nr++] = index;
}

int symtab_match(const struct symtab *symtab, const struct name_pattern *pattern,
		 int (*fn)(const struct symbol *symbol, enum name_verdict verdict, void *arg),
		 void *arg)
{
	struct hits hits = {.best = NAME_MATCHES};
	int nr_matches = 0;

	for (size_t i = 0; i < symtab->list.nr; i++) {
		enum name_verdict verdict = name_pattern_judge(pattern,
							       symtab->list.items[i].symbol.name);

		if (verdict != NAME_DIFFERS)
			add_hit(symtab, (uint32_t)i, verdict, &hits);
	}
	for (size_t i = 0; i < hits.nr; i++) {
		nr_matches++;
		if (fn(&symtab->list.items[hits.items[i]].symbol, hits.best, arg) > 0)
			break;
	}
	free(hits.items);
	return nr_matches;
}

void symtab_names_at(const struct symtab *symtab, uint64_t vaddr,
		     void (*fn)(const struct symbol *symbol, void *arg), void *arg)
{
	size_t low = 0, high = symtab->list.nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symtab->list.items[middle].symbol.vaddr < vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < symtab->list.nr && symtab->list.items[low].symbol.vaddr == vaddr; low++)
		fn(&symtab->list.items[low].symbol, arg);
}

void symtab_each(const struct symtab *symtab, void (*fn)(const struct symbol *symbol, void *arg),
		 void *arg)
{
	for (size_t i = 0; i < symtab->list.nr; i++)
		fn(&symtab->list.items[i].symbol, arg);
}
