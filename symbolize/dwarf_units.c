/* SPDX-License-Identifier: MIT */
#include "symbolize/dwarf_units.h"

#include "common/alloc.h"
#include "common/log.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>

enum dwarf_unit_state {
	UNIT_UNREAD,
	UNIT_READY,
	UNIT_DAMAGED,
};

/* Root attributes that can be understood only when all have been read. */
struct root_values {
	struct dwarf_value name;
	struct dwarf_value comp_dir;
	struct dwarf_value dwo_name;
	struct dwarf_value low_pc;
	struct dwarf_value lines;
	struct dwarf_value str_offsets_base;
	struct dwarf_value rnglists_base;
	struct dwarf_value addr_base;
};

static bool read_header(struct dwarf_cursor *cursor, const uint8_t *start, struct dwarf_unit *unit)
{
	unsigned int offset_size;
	uint64_t len;

	unit->off = (uint64_t)(cursor->at - start);
	len = dwarf_initial_length(cursor, &offset_size);
	dwarf_limit(cursor, len);
	unit->end = (uint64_t)(cursor->end - start);
	unit->format.offset_size = (uint8_t)offset_size;
	unit->format.version = (uint8_t)dwarf_u16(cursor);
	unit->type = DW_UT_compile;
	if (unit->format.version >= 5) {
		unit->type = dwarf_u8(cursor);
		unit->format.address_size = dwarf_u8(cursor);
		unit->abbrev_off = dwarf_unsigned(cursor, offset_size);
		if (unit->type == DW_UT_skeleton || unit->type == DW_UT_split_compile)
			unit->id = dwarf_u64(cursor);
		else if (unit->type == DW_UT_type || unit->type == DW_UT_split_type)
			dwarf_skip(cursor, 8 + offset_size);
	} else {
		unit->abbrev_off = dwarf_unsigned(cursor, offset_size);
		unit->format.address_size = dwarf_u8(cursor);
	}
	unit->first_die = (uint64_t)(cursor->at - start);
	return !cursor->failed && len != 0;
}

static bool is_known_format(struct dwarf_format format)
{
	return format.version >= 2 && format.version <= 5 &&
	       (format.address_size == 8 || format.address_size == 4);
}

int dwarf_units_list(struct dwarf_file *file)
{
	struct elf_span info = file->sections[DWARF_INFO];
	uint64_t off = 0;
	size_t cap = 0;

	while (off < info.size) {
		struct dwarf_cursor cursor = dwarf_cursor_at(info.data, info.size, off);
		struct dwarf_unit unit = {.file = file};

		if (!read_header(&cursor, info.data, &unit)) {
			log_debug(".debug_info is damaged at %#llx", (unsigned long long)off);
			break;
		}
		off = unit.end;
		if (!is_known_format(unit.format))
			continue;
		if (file->nr_units == DWARF_MAX_UNITS)
			return -E2BIG;
		GROW_ARRAY(file->units, file->nr_units, cap);
		file->units[file->nr_units++] = unit;
	}
	return file->nr_units ? 0 : -EBADMSG;
}

struct dwarf_unit *dwarf_file_unit_at(const struct dwarf_file *file, uint64_t off)
{
	size_t low = 0;
	size_t high = file->nr_units;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (file->units[middle].end <= off)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == file->nr_units || file->units[low].first_die > off)
		return NULL;
	return &file->units[low];
}

static bool position(const struct dwarf_unit *unit, uint64_t off, struct dwarf_die *ret_die)
{
	struct elf_span info = unit->file->sections[DWARF_INFO];

	if (off < unit->first_die || off >= unit->end)
		return false;
	ret_die->unit = unit;
	ret_die->cursor = dwarf_cursor_at(info.data, unit->end, off);
	ret_die->abbrev = dwarf_abbrevs_find(unit->abbrevs, dwarf_uleb(&ret_die->cursor));
	return ret_die->abbrev && !ret_die->cursor.failed;
}

bool dwarf_die_at(const struct dwarf_unit *unit, uint64_t off, struct dwarf_die *ret_die)
{
	return position(unit, off, ret_die);
}

const struct dwarf_attribute *dwarf_die_attributes(const struct dwarf_die *die)
{
	return die->unit->abbrevs->attributes + die->abbrev->attributes;
}

static void read_root_attribute(struct dwarf_unit *unit, uint16_t name, struct dwarf_value value,
				struct root_values *values)
{
	switch (name) {
	case DW_AT_name:
		values->name = value;
		break;
	case DW_AT_comp_dir:
		values->comp_dir = value;
		break;
	case DW_AT_dwo_name:
	case DW_AT_GNU_dwo_name:
		values->dwo_name = value;
		break;
	case DW_AT_GNU_dwo_id:
		unit->id = value.raw;
		break;
	case DW_AT_low_pc:
		values->low_pc = value;
		break;
	case DW_AT_stmt_list:
		values->lines = value;
		break;
	case DW_AT_language:
		unit->language = (uint16_t)value.raw;
		break;
	case DW_AT_str_offsets_base:
		values->str_offsets_base = value;
		break;
	case DW_AT_rnglists_base:
		values->rnglists_base = value;
		break;
	case DW_AT_addr_base:
	case DW_AT_GNU_addr_base:
		values->addr_base = value;
		break;
	case DW_AT_GNU_ranges_base:
		unit->ranges_base = value.raw;
		break;
	default:
		break;
	}
}

/*
 * Bases a unit does not state are those right behind a table's header (DWARF 5, 7.26 to 7.29); in
 * DWARF 4 fission the tables had no header.
 */
static void set_bases(struct dwarf_unit *unit, const struct root_values *values)
{
	bool is_v5 = unit->format.version >= 5;
	bool is_64 = unit->format.offset_size == 8;

	unit->str_offsets_base = unit->str_offsets_start + (is_v5 ? (is_64 ? 16U : 8U) : 0U);
	if (values->str_offsets_base.form)
		unit->str_offsets_base = values->str_offsets_base.raw;
	unit->rnglists_base = unit->rnglists_start + (is_64 ? 20 : 12);
	if (values->rnglists_base.form)
		unit->rnglists_base = values->rnglists_base.raw;
	unit->addr_base = values->addr_base.form ? values->addr_base.raw : (is_v5 ? 8 : 0);
}

static void resolve_root(struct dwarf_unit *unit, const struct root_values *values)
{
	set_bases(unit, values);
	unit->name = dwarf_value_string(unit, &values->name);
	unit->comp_dir = dwarf_value_string(unit, &values->comp_dir);
	unit->dwo_name = dwarf_value_string(unit, &values->dwo_name);
	unit->has_lines = values->lines.form != 0;
	unit->lines_off = values->lines.raw;
	if (unit->skeleton)
		unit->low_pc = unit->skeleton->low_pc;
	else if (!dwarf_value_address(unit, &values->low_pc, &unit->low_pc))
		unit->low_pc = 0;
}

static int read_root(struct dwarf_unit *unit)
{
	const struct dwarf_attribute *attributes;
	struct root_values values = {0};
	struct dwarf_die die;

	unit->abbrevs = dwarf_file_abbrevs(unit->file, unit->abbrev_off, unit->format);
	if (!unit->abbrevs || !position(unit, unit->first_die, &die))
		return -EBADMSG;
	unit->tag = die.abbrev->tag;
	attributes = dwarf_die_attributes(&die);
	for (size_t i = 0; i < die.abbrev->nr_attributes; i++)
		read_root_attribute(unit, attributes[i].name,
				    dwarf_form_read(&die.cursor, &attributes[i], unit->format),
				    &values);
	if (die.cursor.failed)
		return -EBADMSG;
	resolve_root(unit, &values);
	return 0;
}

int dwarf_unit_load(struct dwarf_unit *unit)
{
	int state = atomic_load_explicit(&unit->state, memory_order_acquire);

	if (state == UNIT_UNREAD) {
		pthread_mutex_lock(&unit->file->lock);
		state = atomic_load_explicit(&unit->state, memory_order_relaxed);
		if (state == UNIT_UNREAD) {
			state = read_root(unit) < 0 ? UNIT_DAMAGED : UNIT_READY;
			atomic_store_explicit(&unit->state, state, memory_order_release);
		}
		pthread_mutex_unlock(&unit->file->lock);
	}
	return state == UNIT_READY ? 0 : -EBADMSG;
}
