/* SPDX-License-Identifier: MIT */
#include "symbolize/symbol_list.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "symbolize/address_sort.h"

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
	if (list->borrows && name[name_len] == '\0' && !*suffix)
		list->items[list->nr].symbol.name = name;
	else
		list->items[list->nr].symbol.name = string_arena_add(&list->names, name, name_len,
								     suffix);
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
	return symbol_preference(a, b);
}

/* By address alone. */
static void sort_by_address(struct symbol_list *list)
{
	_cleanup_free_ struct address_key *keys = xcalloc(list->nr + 1, sizeof(*keys));
	struct symbol_entry *sorted = xcalloc(list->nr + 1, sizeof(*sorted));

	for (size_t i = 0; i < list->nr; i++)
		keys[i] = (struct address_key){.addr = list->items[i].symbol.vaddr,
					       .index = (uint32_t)i};
	address_sort(keys, list->nr);
	for (size_t i = 0; i < list->nr; i++)
		sorted[i] = list->items[keys[i].index];
	free(list->items);
	list->items = sorted;
	list->cap = list->nr + 1;
}

/* Of equal neighbours the last stays: one function in .symtab and .dynsym. */
static void drop_duplicates(struct symbol_list *list)
{
	size_t nr = 0;

	for (size_t i = 0; i < list->nr; i++) {
		const struct symbol *symbol = &list->items[i].symbol;
		const struct symbol *next = i + 1 < list->nr ? &list->items[i + 1].symbol : NULL;

		if (!next || next->vaddr != symbol->vaddr || strcmp(next->name, symbol->name) != 0)
			list->items[nr++] = list->items[i];
	}
	list->nr = nr;
}

void symbol_list_sort(struct symbol_list *list)
{
	size_t end;

	sort_by_address(list);
	for (size_t i = 0; i < list->nr; i = end) {
		for (end = i + 1; end < list->nr; end++)
			if (list->items[end].symbol.vaddr != list->items[i].symbol.vaddr)
				break;
		if (end - i > 1)
			qsort(&list->items[i], end - i, sizeof(*list->items), compare_entries);
	}
	drop_duplicates(list);
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
