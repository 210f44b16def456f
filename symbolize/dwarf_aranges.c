/* SPDX-License-Identifier: MIT */
#include "symbolize/dwarf_aranges.h"

#include "common/alloc.h"
#include "symbolize/dwarf_owner.h"
#include "symbolize/dwarf_ranges.h"
#include "symbolize/dwarf_units.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>

#define MAX_CANDIDATES 16  /* units claiming one address that are looked at */
#define MAX_WALK       256 /* claims stepped over to find them */

struct claim_list {
	struct dwarf_unit_claim *items;
	size_t nr;
	size_t cap;
};

static bool add_claim(struct claim_list *claims, uint64_t start, uint64_t end, uint32_t unit)
{
	if (claims->nr == DWARF_MAX_ARANGES)
		return false;
	GROW_ARRAY(claims->items, claims->nr, claims->cap);
	claims->items[claims->nr++] = (struct dwarf_unit_claim){
		.start = start, .end = end, .unit = unit};
	return true;
}

/* One set of .debug_aranges (DWARF 5, 6.1.2): the pairs of addresses and lengths of a unit. */
static void read_set(const struct dwarf_file *file, struct dwarf_cursor *cursor,
		     const uint8_t *start, unsigned int offset_size, struct claim_list *claims,
		     bool *listed)
{
	uint16_t version = dwarf_u16(cursor);
	uint64_t off = dwarf_unsigned(cursor, offset_size);
	uint8_t address_size = dwarf_u8(cursor);
	uint8_t segment_size = dwarf_u8(cursor);
	size_t pair_size = 2U * address_size;
	const struct dwarf_unit *unit;
	uint32_t index;

	if (cursor->failed || version != 2 || segment_size != 0 ||
	    (address_size != 8 && address_size != 4))
		return;
	unit = dwarf_file_unit_at(file, off + (offset_size == 8 ? 12 : 4) + 7);
	if (!unit || unit->off != off)
		return;
	index = (uint32_t)(unit - file->units);
	dwarf_skip(cursor, (pair_size - (size_t)(cursor->at - start) % pair_size) % pair_size);
	while (dwarf_cursor_left(cursor) >= pair_size) {
		uint64_t low = dwarf_unsigned(cursor, address_size);
		uint64_t len = dwarf_unsigned(cursor, address_size);

		if (low == 0 && len == 0)
			break;
		if (low < file->code_start || len == 0 || len > UINT64_MAX - low)
			continue;
		listed[index] = true;
		if (!add_claim(claims, low, low + len, index))
			return;
	}
}

static void read_aranges(const struct dwarf_file *file, struct claim_list *claims, bool *listed)
{
	struct elf_span section = file->sections[DWARF_ARANGES];
	struct dwarf_cursor cursor = dwarf_cursor_at(section.data, section.size, 0);

	while (cursor.at != cursor.end) {
		struct dwarf_cursor set = cursor;
		unsigned int offset_size;
		uint64_t len = dwarf_initial_length(&set, &offset_size);

		dwarf_limit(&set, len);
		if (set.failed)
			return;
		cursor.at = set.end;
		/* Padding counts from the start of the set. */
		read_set(file, &set, set.at - (offset_size == 8 ? 12 : 4), offset_size, claims,
			 listed);
	}
}

/* Returns false if the unit does not say where its code is although it seems to have some. */
static bool read_own_ranges(struct dwarf_unit *unit, uint32_t index, struct claim_list *claims)
{
	struct dwarf_pc_values values = {0};
	const struct dwarf_attribute *attributes;
	struct dwarf_range_iter iter;
	struct dwarf_die die;
	uint64_t low, high;

	if (dwarf_unit_load(unit) < 0 || !dwarf_die_at(unit, unit->first_die, &die))
		return true;
	if (unit->tag != DW_TAG_compile_unit && unit->tag != DW_TAG_skeleton_unit)
		return true;
	attributes = dwarf_die_attributes(&die);
	for (size_t i = 0; i < die.abbrev->nr_attributes; i++) {
		struct dwarf_value value = dwarf_form_read(&die.cursor, &attributes[i],
							   unit->format);

		if (attributes[i].name == DW_AT_low_pc)
			values.low = value;
		else if (attributes[i].name == DW_AT_high_pc)
			values.high = value;
		else if (attributes[i].name == DW_AT_ranges)
			values.ranges = value;
	}
	dwarf_range_iter_init(&iter, unit, &values);
	while (dwarf_range_iter_next(&iter, &low, &high))
		if (!add_claim(claims, low, high, index))
			break;
	return values.ranges.form || values.high.form || !unit->has_lines;
}

static int compare_claims(const void *a, const void *b)
{
	const struct dwarf_unit_claim *x = a;
	const struct dwarf_unit_claim *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->unit > y->unit) - (x->unit < y->unit);
}

void dwarf_unit_index_build(struct dwarf_file *file, struct dwarf_unit_index *ret_index)
{
	_cleanup_free_ bool *listed = xcalloc(file->nr_units, sizeof(*listed));
	struct dwarf_unit_index index = {0};
	struct claim_list claims = {0};
	size_t cap_unknown = 0;
	uint64_t max_end = 0;

	read_aranges(file, &claims, listed);
	for (size_t i = 0; i < file->nr_units; i++) {
		struct dwarf_unit *unit = &file->units[i];

		if (listed[i] || unit->type == DW_UT_type || unit->type == DW_UT_split_type ||
		    unit->type == DW_UT_partial || read_own_ranges(unit, (uint32_t)i, &claims))
			continue;
		GROW_ARRAY(index.unknown, index.nr_unknown, cap_unknown);
		index.unknown[index.nr_unknown++] = (uint32_t)i;
	}
	if (claims.nr)
		qsort(claims.items, claims.nr, sizeof(*claims.items), compare_claims);
	for (size_t i = 0; i < claims.nr; i++) {
		if (claims.items[i].end > max_end)
			max_end = claims.items[i].end;
		claims.items[i].max_end = max_end;
	}
	dwarf_owners_build(claims.items, claims.nr, file->nr_units, &index.owners);
	index.claims = claims.items;
	index.nr = claims.nr;
	*ret_index = index;
}

void dwarf_unit_index_release(struct dwarf_unit_index *index)
{
	free(index->claims);
	free(index->owners.items);
	free(index->unknown);
	*index = (struct dwarf_unit_index){0};
}

/* Number of claims that start at or before @pc. */
static size_t upper_bound(const struct dwarf_unit_index *index, uint64_t pc)
{
	size_t low = 0;
	size_t high = index->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (index->claims[middle].start <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Inserts @unit into the sorted @units unless it is there; returns the new count. */
static size_t insert_unit(uint32_t *units, size_t nr, uint32_t unit)
{
	size_t at = nr;

	while (at > 0 && units[at - 1] > unit)
		at--;
	if ((at > 0 && units[at - 1] == unit) || nr == MAX_CANDIDATES)
		return nr;
	for (size_t i = nr; i > at; i--)
		units[i] = units[i - 1];
	units[at] = unit;
	return nr + 1;
}

int dwarf_unit_index_find(const struct dwarf_unit_index *index, uint64_t pc, size_t nth)
{
	const struct segment *owner = segments_find(&index->owners, pc);
	uint32_t units[MAX_CANDIDATES];
	size_t nr = 0, nr_steps = 0;

	if (!owner)
		return -ENOENT;
	if (nth == 0)
		return (int)owner->value;
	for (size_t i = upper_bound(index, pc); i-- > 0 && nr_steps < MAX_WALK; nr_steps++) {
		const struct dwarf_unit_claim *claim = &index->claims[i];

		if (claim->max_end <= pc)
			break;
		if (claim->end > pc && claim->unit != owner->value)
			nr = insert_unit(units, nr, claim->unit);
	}
	return nth - 1 < nr ? (int)units[nth - 1] : -ENOENT;
}
