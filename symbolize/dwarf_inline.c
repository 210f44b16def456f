/* SPDX-License-Identifier: MIT */
#include "symbolize/dwarf_inline.h"

#include "common/alloc.h"
#include "symbolize/address_search.h"
#include "symbolize/dwarf_ranges.h"
#include "symbolize/dwarf_skip.h"
#include "symbolize/dwarf_units.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>

/* Work is charged in steps of this many bytes, so that threads rarely meet at the counter. */
#define BUDGET_STEP ((size_t)64 << 10)

struct scan {
	const struct dwarf_unit *unit;
	const uint64_t *pcs;
	size_t nr_pcs;
	bool thorough;
	struct dwarf_cursor cursor;
	const uint8_t *info;
	struct dwarf_functions *functions;
	uint64_t *starts; /* of the range that claimed each address */
	unsigned int depth;
	uint32_t enclosing[DWARF_MAX_DEPTH]; /* function at each depth */
	uint64_t work;			     /* not yet charged */
};

/* What a function's DIE says about itself. */
struct function_values {
	struct dwarf_pc_values pc;
	struct dwarf_value sibling;
	uint32_t call_file;
	uint32_t call_line;
};

static void read_function(struct scan *scan, const struct dwarf_abbrev *abbrev,
			  struct function_values *values)
{
	const struct dwarf_attribute *attribute = scan->unit->abbrevs->attributes +
						  abbrev->attributes;

	*values = (struct function_values){0};
	for (unsigned int i = 0; i < abbrev->nr_attributes; i++, attribute++) {
		struct dwarf_value value = dwarf_form_read(&scan->cursor, attribute,
							   scan->unit->format);

		switch (attribute->name) {
		case DW_AT_low_pc:
			values->pc.low = value;
			break;
		case DW_AT_high_pc:
			values->pc.high = value;
			break;
		case DW_AT_ranges:
			values->pc.ranges = value;
			break;
		case DW_AT_sibling:
			values->sibling = value;
			break;
		case DW_AT_call_file:
			values->call_file = (uint32_t)value.raw;
			break;
		case DW_AT_call_line:
			values->call_line = (uint32_t)value.raw;
			break;
		default:
			break;
		}
	}
}

/*
 * Gives the wanted addresses in the function's ranges to @index.  Of ranges that hold an address
 * the one that starts last is the innermost, and of equal ones the child's, which comes later.
 * Returns whether there was one.
 */
static bool claim_addresses(struct scan *scan, const struct dwarf_pc_values *values, uint32_t index)
{
	struct dwarf_range_iter iter;
	uint64_t low, high;
	bool found = false;

	dwarf_range_iter_init(&iter, scan->unit, values);
	while (dwarf_range_iter_next(&iter, &low, &high)) {
		for (size_t i = address_lower_bound(scan->pcs, scan->nr_pcs, low);
		     i < scan->nr_pcs && scan->pcs[i] < high; i++) {
			scan->work++;
			found = true;
			if (low < scan->starts[i])
				continue;
			scan->starts[i] = low;
			scan->functions->innermost[i] = index;
		}
		scan->work += 8;
	}
	return found;
}

/* Returns the index that a new function will have. */
static uint32_t new_function(struct scan *scan)
{
	struct dwarf_functions *functions = scan->functions;

	GROW_ARRAY(functions->items, functions->nr, functions->cap);
	return (uint32_t)functions->nr;
}

/* Moves to the sibling at @off of the unit, which has to lie ahead. */
static int jump(struct scan *scan, uint64_t off)
{
	const uint8_t *target;

	if (off >= scan->unit->end - scan->unit->off)
		return -EBADMSG;
	target = scan->info + scan->unit->off + off;
	if (target < scan->cursor.at)
		return -EBADMSG;
	scan->cursor.at = target;
	return 0;
}

static int descend(struct scan *scan, uint32_t function)
{
	if (scan->depth + 1 == DWARF_MAX_DEPTH)
		return -E2BIG;
	scan->enclosing[++scan->depth] = function;
	return 0;
}

static bool sibling_offset(const struct scan *scan, const struct dwarf_value *value,
			   uint64_t *ret_off)
{
	struct dwarf_file *file;
	uint64_t off;

	if (!dwarf_value_reference(scan->unit, value, &file, &off) || off < scan->unit->off)
		return false;
	*ret_off = off - scan->unit->off;
	return true;
}

/* A function or inlined function whose code has been seen: keeps it if it is wanted. */
static int visit_code(struct scan *scan, const struct dwarf_abbrev *abbrev, uint64_t die)
{
	uint32_t parent = abbrev->kind == DWARF_DIE_INLINED ? scan->enclosing[scan->depth]
							    : DWARF_NO_FUNCTION;
	struct function_values values;
	uint32_t index = new_function(scan);
	uint64_t sibling;
	bool found;

	read_function(scan, abbrev, &values);
	if (scan->cursor.failed)
		return -EBADMSG;
	found = claim_addresses(scan, &values.pc, index);
	if (found || parent != DWARF_NO_FUNCTION || scan->thorough) {
		/* Also without addresses of its own: its children may have some. */
		if (scan->functions->nr == DWARF_MAX_FUNCTIONS)
			return -E2BIG;
		scan->functions->items[scan->functions->nr++] = (struct dwarf_function){
			.die = die,
			.parent = parent,
			.call_file = values.call_file,
			.call_line = values.call_line,
			.is_inlined = abbrev->kind == DWARF_DIE_INLINED,
		};
	} else {
		index = DWARF_NO_FUNCTION;
	}
	if (!abbrev->has_children)
		return 0;
	if (index == DWARF_NO_FUNCTION && !scan->thorough &&
	    sibling_offset(scan, &values.sibling, &sibling))
		return jump(scan, sibling);
	return descend(scan, index);
}

/*
 * Whether a function surely holds no wanted address, by a look at two fixed places.  Most of a
 * unit's functions go by here.
 */
static bool is_unwanted(const struct scan *scan, const struct dwarf_abbrev *abbrev)
{
	struct dwarf_cursor at = scan->cursor;
	uint64_t low, len;
	size_t first;

	if (abbrev->kind != DWARF_DIE_FUNCTION || abbrev->high_size == 0)
		return false;
	dwarf_skip(&at, abbrev->low_off);
	low = dwarf_unsigned(&at, scan->unit->format.address_size);
	at = scan->cursor;
	dwarf_skip(&at, abbrev->high_off);
	len = dwarf_unsigned(&at, abbrev->high_size);
	if (at.failed)
		return false;
	first = address_lower_bound(scan->pcs, scan->nr_pcs, low);
	return first == scan->nr_pcs || scan->pcs[first] - low >= len;
}

/* A DIE without code: stepped over with its children if functions are not expected there. */
static int visit_other(struct scan *scan, const struct dwarf_abbrev *abbrev)
{
	uint64_t sibling = dwarf_attributes_skip(scan->unit, abbrev, &scan->cursor);

	if (!abbrev->has_children)
		return 0;
	if (sibling && !scan->thorough && abbrev->kind != DWARF_DIE_SCOPE)
		return jump(scan, sibling);
	return descend(scan, abbrev->kind == DWARF_DIE_FUNCTION ? DWARF_NO_FUNCTION
								: scan->enclosing[scan->depth]);
}

/*
 * Whether a DIE's ranges matter.  Outside of wanted functions those of inlined ones do not, but in
 * DWARF 2: it had no way to state the ranges of a function split in two.
 */
static bool is_code(const struct scan *scan, const struct dwarf_abbrev *abbrev)
{
	if (abbrev->kind == DWARF_DIE_FUNCTION)
		return scan->thorough || (abbrev->has_code && !is_unwanted(scan, abbrev));
	return abbrev->kind == DWARF_DIE_INLINED &&
	       (scan->enclosing[scan->depth] != DWARF_NO_FUNCTION || scan->thorough);
}

static int run(struct scan *scan)
{
	const uint8_t *charged = scan->cursor.at;

	while (scan->cursor.at != scan->cursor.end) {
		uint64_t die = (uint64_t)(scan->cursor.at - scan->info);
		uint64_t code = dwarf_uleb(&scan->cursor);
		const struct dwarf_abbrev *abbrev;
		int err;

		if (code == 0) {
			if (scan->depth == 0)
				break;
			if (--scan->depth == 0)
				break;
			continue;
		}
		abbrev = dwarf_abbrevs_find(scan->unit->abbrevs, code);
		if (!abbrev)
			return -EBADMSG;
		err = is_code(scan, abbrev) ? visit_code(scan, abbrev, die)
					    : visit_other(scan, abbrev);
		if (err)
			return err;
		if (scan->cursor.failed)
			return -EBADMSG;
		scan->work += (uint64_t)(scan->cursor.at - charged);
		charged = scan->cursor.at;
		if (scan->work >= BUDGET_STEP) {
			if (!dwarf_budget_take(scan->unit->file->budget, scan->work))
				return -E2BIG;
			scan->work = 0;
		}
	}
	return 0;
}

int dwarf_functions_find(const struct dwarf_unit *unit, const uint64_t *pcs, size_t nr,
			 bool thorough, struct dwarf_functions *ret_functions)
{
	struct elf_span info = unit->file->sections[DWARF_INFO];
	_cleanup_free_ struct scan *scan = xcalloc(1, sizeof(*scan));
	_cleanup_free_ uint64_t *starts = xcalloc(nr + 1, sizeof(*starts));
	struct dwarf_functions functions = {0};
	int err;

	functions.innermost = xcalloc(nr + 1, sizeof(*functions.innermost));
	for (size_t i = 0; i < nr; i++)
		functions.innermost[i] = DWARF_NO_FUNCTION;
	scan->unit = unit;
	scan->pcs = pcs;
	scan->nr_pcs = nr;
	scan->thorough = thorough;
	scan->info = info.data;
	scan->functions = &functions;
	scan->starts = starts;
	scan->cursor = dwarf_cursor_at(info.data, unit->end, unit->first_die);
	scan->enclosing[0] = DWARF_NO_FUNCTION;
	err = scan->cursor.failed ? -EBADMSG : run(scan);
	dwarf_budget_take(unit->file->budget, scan->work);
	*ret_functions = functions;
	return err;
}

void dwarf_functions_release(struct dwarf_functions *functions)
{
	free(functions->items);
	free(functions->innermost);
	*functions = (struct dwarf_functions){0};
}
