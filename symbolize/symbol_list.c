/* SPDX-License-Identifier: MIT */
#include "symbolize/symbol_list.h"

#include "common/alloc.h"

#include <stdlib.h>
#include <string.h>

void symbol_list_release(struct symbol_list *list)
{
	free(list->items);
	string_arena_release(&list->names);
	list->items = NULL;
	list->nr = 0;
	list->cap = 0;
}

bool symbol_list_add(struct symbol_list *list, const struct symbol_entry *entry, const char *name,
		     size_t name_len, const char *suffix)
{
	if (list->nr == SYMBOL_LIST_MAX)
		return false;
	GROW_ARRAY(list->items, list->nr, list->cap);
	list->items[list->nr] = *entry;
	list->items[list->nr].symbol.name = string_arena_add(&list->names, name, name_len, suffix);
	list->nr++;
	return true;
}

/*
 * How much a name is wanted among several of one address.  Exported names are equals whether weak
 * or not: glibc's fork is weak and its __fork global.
 */
static int symbol_preference(const struct symbol_entry *a, const struct symbol_entry *b)
{
	const char *x = a->symbol.name;
	const char *y = b->symbol.name;
	size_t x_under = strspn(x, "_");
	size_t y_under = strspn(y, "_");
	size_t x_len, y_len;

	if ((a->symbol.size != 0) != (b->symbol.size != 0))
		return a->symbol.size ? 1 : -1;
	if (a->is_function != b->is_function)
		return a->is_function ? 1 : -1;
	if (a->is_local != b->is_local)
		return b->is_local ? 1 : -1;
	if (x_under != y_under)
		return x_under < y_under ? 1 : -1;
	x_len = strlen(x);
	y_len = strlen(y);
	if (x_len != y_len)
		return x_len < y_len ? 1 : -1;
	return strcmp(y, x);
}

static int compare_entries(const void *a, const void *b)
{
	const struct symbol_entry *x = a;
	const struct symbol_entry *y = b;

	if (x->symbol.vaddr != y->symbol.vaddr)
		return x->symbol.vaddr < y->symbol.vaddr ? -1 : 1;
	return symbol_preference(x, y);
}

void symbol_list_sort(struct symbol_list *list)
{
	size_t nr = 0;

	if (list->nr)
		qsort(list->items, list->nr, sizeof(*list->items), compare_entries);
	for (size_t i = 0; i < list->nr; i++) {
		const struct symbol_entry *entry = &list->items[i];
		const struct symbol_entry *next = i + 1 < list->nr ? &list->items[i + 1] : NULL;

		/* One function listed in .symtab and .dynsym: the later one is the better known. */
		if (next && next->symbol.vaddr == entry->symbol.vaddr &&
		    strcmp(next->symbol.name, entry->symbol.name) == 0)
			continue;
		list->items[nr++] = *entry;
	}
	list->nr = nr;
}

const struct symbol_entry *symbol_list_at(const struct symbol_list *list, size_t nr, uint64_t vaddr)
{
	size_t low = 0;
	size_t high = nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list->items[middle].symbol.vaddr <= vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || list->items[low - 1].symbol.vaddr != vaddr)
		return NULL;
	return &list->items[low - 1];
}
