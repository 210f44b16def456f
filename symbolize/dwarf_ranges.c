/* SPDX-License-Identifier: MIT */
#include "symbolize/dwarf_ranges.h"

#include "symbolize/dwarf_file.h"

#include <dwarf.h>

/* One list may be that of very many DIEs, so reading it is work; short ones cost next to nothing.
 */
#define CHARGED_ENTRIES 64
#define ENTRY_COST	8

/* Where the unit's lists begin when a DIE names one by index. */
static bool list_offset(const struct dwarf_unit *unit, uint64_t index, uint64_t *ret_off)
{
	struct elf_span section = unit->file->sections[DWARF_RNGLISTS];
	struct dwarf_cursor cursor;
	uint64_t off;

	if (__builtin_mul_overflow(index, unit->format.offset_size, &off) ||
	    __builtin_add_overflow(off, unit->rnglists_base, &off))
		return false;
	cursor = dwarf_cursor_at(section.data, section.size, off);
	*ret_off = unit->rnglists_base + dwarf_unsigned(&cursor, unit->format.offset_size);
	return !cursor.failed;
}

static void open_list(struct dwarf_range_iter *iter, const struct dwarf_value *value)
{
	const struct dwarf_unit *unit = iter->unit;
	const struct dwarf_unit *owner = unit;
	enum dwarf_section id = DWARF_RNGLISTS;
	uint64_t off = value->raw;

	iter->is_v5 = unit->format.version >= 5;
	if (!iter->is_v5) {
		id = DWARF_RANGES;
		/* GNU fission: split units share the skeleton's list section, from its base on. */
		if (unit->skeleton) {
			owner = unit->skeleton;
			off += owner->ranges_base;
		}
	} else if (value->form == DW_FORM_rnglistx && !list_offset(unit, value->raw, &off)) {
		return;
	}
	iter->cursor = dwarf_cursor_at(owner->file->sections[id].data,
				       owner->file->sections[id].size, off);
}

void dwarf_range_iter_init(struct dwarf_range_iter *iter, const struct dwarf_unit *unit,
			   const struct dwarf_pc_values *values)
{
	*iter = (struct dwarf_range_iter){
		.unit = unit, .base = unit->low_pc, .nr_left = DWARF_MAX_RANGES};
	if (values->ranges.form) {
		open_list(iter, &values->ranges);
		return;
	}
	if (!values->high.form || !dwarf_value_address(unit, &values->low, &iter->low))
		return;
	if (!dwarf_value_is_address(&values->high)) {
		iter->high = iter->low + values->high.raw;
		iter->is_single = true;
	} else if (dwarf_value_address(unit, &values->high, &iter->high)) {
		iter->is_single = true;
	}
}

static uint64_t read_address(struct dwarf_range_iter *iter)
{
	return dwarf_unsigned(&iter->cursor, iter->unit->format.address_size);
}

static uint64_t read_indexed(struct dwarf_range_iter *iter)
{
	uint64_t address;

	if (dwarf_indexed_address(iter->unit, dwarf_uleb(&iter->cursor), &address))
		return address;
	dwarf_cursor_fail(&iter->cursor);
	return 0;
}

enum entry {
	ENTRY_END,
	ENTRY_BASE, /* changed the base, gives no range */
	ENTRY_RANGE,
};

/* One entry of .debug_rnglists, DWARF 5, 7.25. */
static enum entry read_v5(struct dwarf_range_iter *iter)
{
	switch (dwarf_u8(&iter->cursor)) {
	case DW_RLE_base_addressx:
		iter->base = read_indexed(iter);
		return ENTRY_BASE;
	case DW_RLE_base_address:
		iter->base = read_address(iter);
		return ENTRY_BASE;
	case DW_RLE_startx_endx:
		iter->low = read_indexed(iter);
		iter->high = read_indexed(iter);
		return ENTRY_RANGE;
	case DW_RLE_startx_length:
		iter->low = read_indexed(iter);
		iter->high = iter->low + dwarf_uleb(&iter->cursor);
		return ENTRY_RANGE;
	case DW_RLE_offset_pair:
		iter->low = iter->base + dwarf_uleb(&iter->cursor);
		iter->high = iter->base + dwarf_uleb(&iter->cursor);
		return ENTRY_RANGE;
	case DW_RLE_start_end:
		iter->low = read_address(iter);
		iter->high = read_address(iter);
		return ENTRY_RANGE;
	case DW_RLE_start_length:
		iter->low = read_address(iter);
		iter->high = iter->low + dwarf_uleb(&iter->cursor);
		return ENTRY_RANGE;
	default: /* DW_RLE_end_of_list, or damage */
		return ENTRY_END;
	}
}

/* One pair of .debug_ranges, DWARF 4, 2.17.3. */
static enum entry read_v4(struct dwarf_range_iter *iter)
{
	uint64_t largest = iter->unit->format.address_size == 8 ? UINT64_MAX : UINT32_MAX;
	uint64_t low = read_address(iter);
	uint64_t high = read_address(iter);

	if (low == 0 && high == 0)
		return ENTRY_END;
	if (low == largest) {
		iter->base = high;
		return ENTRY_BASE;
	}
	iter->low = iter->base + low;
	iter->high = iter->base + high;
	return ENTRY_RANGE;
}

static bool is_real(const struct dwarf_unit *unit, uint64_t low, uint64_t high)
{
	const struct dwarf_unit *owner = unit->skeleton ? unit->skeleton : unit;

	return low < high && low >= owner->file->code_start;
}

static bool next_listed(struct dwarf_range_iter *iter)
{
	while (iter->cursor.at != iter->cursor.end && iter->nr_left > 0) {
		enum entry entry;

		if (--iter->nr_left % CHARGED_ENTRIES == 0 &&
		    !dwarf_budget_take(iter->unit->file->budget, CHARGED_ENTRIES * ENTRY_COST))
			return false;
		entry = iter->is_v5 ? read_v5(iter) : read_v4(iter);

		if (iter->cursor.failed || entry == ENTRY_END)
			return false;
		if (entry == ENTRY_RANGE && is_real(iter->unit, iter->low, iter->high))
			return true;
	}
	return false;
}

bool dwarf_range_iter_next(struct dwarf_range_iter *iter, uint64_t *ret_low, uint64_t *ret_high)
{
	if (iter->is_single) {
		iter->is_single = false;
		if (!is_real(iter->unit, iter->low, iter->high))
			return false;
	} else if (!next_listed(iter)) {
		return false;
	}
	*ret_low = iter->low;
	*ret_high = iter->high;
	return true;
}
