/* SPDX-License-Identifier: MIT */
#include "symbolize/dwarf_forms.h"

#include "symbolize/dwarf_file.h"

#include <dwarf.h>

int dwarf_form_size(uint16_t form, struct dwarf_format format)
{
	switch (form) {
	case DW_FORM_flag_present:
	case DW_FORM_implicit_const:
		return 0;
	case DW_FORM_data1:
	case DW_FORM_ref1:
	case DW_FORM_flag:
	case DW_FORM_strx1:
	case DW_FORM_addrx1:
		return 1;
	case DW_FORM_data2:
	case DW_FORM_ref2:
	case DW_FORM_strx2:
	case DW_FORM_addrx2:
		return 2;
	case DW_FORM_strx3:
	case DW_FORM_addrx3:
		return 3;
	case DW_FORM_data4:
	case DW_FORM_ref4:
	case DW_FORM_strx4:
	case DW_FORM_addrx4:
	case DW_FORM_ref_sup4:
		return 4;
	case DW_FORM_data8:
	case DW_FORM_ref8:
	case DW_FORM_ref_sig8:
	case DW_FORM_ref_sup8:
		return 8;
	case DW_FORM_data16:
		return 16;
	case DW_FORM_addr:
		return format.address_size;
	case DW_FORM_ref_addr: /* an address until DWARF 3 made it an offset */
		return format.version <= 2 ? format.address_size : format.offset_size;
	case DW_FORM_strp:
	case DW_FORM_line_strp:
	case DW_FORM_sec_offset:
	case DW_FORM_strp_sup:
	case DW_FORM_GNU_ref_alt:
	case DW_FORM_GNU_strp_alt:
		return format.offset_size;
	default:
		return -1;
	}
}

void dwarf_form_skip(struct dwarf_cursor *cursor, uint16_t form, struct dwarf_format format)
{
	struct dwarf_attribute attribute = {.form = form};

	/* An indirect form is read in any case, and values are short. */
	dwarf_form_read(cursor, &attribute, format);
}

static struct dwarf_value read_block(struct dwarf_cursor *cursor, uint16_t form, uint64_t len)
{
	dwarf_skip(cursor, len);
	return (struct dwarf_value){.form = form, .raw = len};
}

/* A form whose size its contents decide. */
static struct dwarf_value read_variable(struct dwarf_cursor *cursor, uint16_t form)
{
	struct dwarf_value value = {.form = form};

	switch (form) {
	case DW_FORM_udata:
	case DW_FORM_ref_udata:
	case DW_FORM_strx:
	case DW_FORM_addrx:
	case DW_FORM_loclistx:
	case DW_FORM_rnglistx:
	case DW_FORM_GNU_addr_index:
	case DW_FORM_GNU_str_index:
		value.raw = dwarf_uleb(cursor);
		break;
	case DW_FORM_sdata:
		value.raw = (uint64_t)dwarf_sleb(cursor);
		break;
	case DW_FORM_string:
		value.text = dwarf_string(cursor);
		break;
	case DW_FORM_block:
	case DW_FORM_exprloc:
		return read_block(cursor, form, dwarf_uleb(cursor));
	case DW_FORM_block1:
		return read_block(cursor, form, dwarf_u8(cursor));
	case DW_FORM_block2:
		return read_block(cursor, form, dwarf_u16(cursor));
	case DW_FORM_block4:
		return read_block(cursor, form, dwarf_u32(cursor));
	default:
		dwarf_cursor_fail(cursor);
	}
	return value;
}

struct dwarf_value dwarf_form_read(struct dwarf_cursor *cursor,
				   const struct dwarf_attribute *attribute,
				   struct dwarf_format format)
{
	struct dwarf_value value = {.form = attribute->form};
	int size;

	if (value.form == DW_FORM_indirect) {
		uint64_t form = dwarf_uleb(cursor);

		/* Not twice: a chain of them could be as long as the file. */
		if (form == DW_FORM_indirect || form == DW_FORM_implicit_const ||
		    form > UINT16_MAX) {
			dwarf_cursor_fail(cursor);
			return (struct dwarf_value){0};
		}
		value.form = (uint16_t)form;
	}
	size = dwarf_form_size(value.form, format);
	if (size < 0)
		return read_variable(cursor, value.form);
	if (size == 0)
		value.raw = value.form == DW_FORM_flag_present ? 1 : (uint64_t)attribute->implicit;
	else if (size > 8)
		dwarf_skip(cursor, (uint64_t)size);
	else
		value.raw = dwarf_unsigned(cursor, (unsigned int)size);
	return value;
}

/* Addresses of split units are in the skeleton's file. */
static const struct dwarf_unit *address_owner(const struct dwarf_unit *unit)
{
	return unit->skeleton ? unit->skeleton : unit;
}

/* Entry @index of @entry_size bytes behind @base of @section. */
static bool read_entry(const struct elf_span *section, uint64_t base, uint64_t index,
		       unsigned int entry_size, uint64_t *ret_value)
{
	struct dwarf_cursor cursor;
	uint64_t off;

	if (__builtin_mul_overflow(index, entry_size, &off) ||
	    __builtin_add_overflow(off, base, &off))
		return false;
	cursor = dwarf_cursor_at(section->data, section->size, off);
	*ret_value = dwarf_unsigned(&cursor, entry_size);
	return !cursor.failed;
}

bool dwarf_indexed_address(const struct dwarf_unit *unit, uint64_t index, uint64_t *ret_address)
{
	const struct dwarf_unit *owner = address_owner(unit);

	return read_entry(&owner->file->sections[DWARF_ADDR], owner->addr_base, index,
			  owner->format.address_size, ret_address);
}

bool dwarf_value_is_address(const struct dwarf_value *value)
{
	switch (value->form) {
	case DW_FORM_addr:
	case DW_FORM_addrx:
	case DW_FORM_addrx1:
	case DW_FORM_addrx2:
	case DW_FORM_addrx3:
	case DW_FORM_addrx4:
	case DW_FORM_GNU_addr_index:
		return true;
	default:
		return false;
	}
}

bool dwarf_value_address(const struct dwarf_unit *unit, const struct dwarf_value *value,
			 uint64_t *ret_address)
{
	if (!dwarf_value_is_address(value))
		return false;
	if (value->form != DW_FORM_addr)
		return dwarf_indexed_address(unit, value->raw, ret_address);
	*ret_address = value->raw;
	return true;
}

static const char *string_at(const struct elf_span *section, uint64_t off)
{
	struct dwarf_cursor cursor = dwarf_cursor_at(section->data, section->size, off);

	return cursor.failed ? NULL : dwarf_string(&cursor);
}

const char *dwarf_value_string(const struct dwarf_unit *unit, const struct dwarf_value *value)
{
	const struct elf_span *sections = unit->file->sections;
	uint64_t off;

	switch (value->form) {
	case DW_FORM_string:
		return value->text;
	case DW_FORM_strp:
		return string_at(&sections[DWARF_STR], value->raw);
	case DW_FORM_line_strp:
		return string_at(&sections[DWARF_LINE_STR], value->raw);
	case DW_FORM_strp_sup:
	case DW_FORM_GNU_strp_alt:
		if (!unit->file->alt)
			return NULL;
		return string_at(&unit->file->alt->sections[DWARF_STR], value->raw);
	case DW_FORM_strx:
	case DW_FORM_strx1:
	case DW_FORM_strx2:
	case DW_FORM_strx3:
	case DW_FORM_strx4:
	case DW_FORM_GNU_str_index:
		if (!read_entry(&sections[DWARF_STR_OFFSETS], unit->str_offsets_base, value->raw,
				unit->format.offset_size, &off))
			return NULL;
		return string_at(&sections[DWARF_STR], off);
	default:
		return NULL;
	}
}

bool dwarf_value_reference(const struct dwarf_unit *unit, const struct dwarf_value *value,
			   struct dwarf_file **ret_file, uint64_t *ret_off)
{
	switch (value->form) {
	case DW_FORM_ref1:
	case DW_FORM_ref2:
	case DW_FORM_ref4:
	case DW_FORM_ref8:
	case DW_FORM_ref_udata:
		if (value->raw >= unit->end - unit->off)
			return false;
		*ret_off = unit->off + value->raw;
		*ret_file = unit->file;
		return true;
	case DW_FORM_ref_addr:
		*ret_off = value->raw;
		*ret_file = unit->file;
		return true;
	case DW_FORM_ref_sup4:
	case DW_FORM_ref_sup8:
	case DW_FORM_GNU_ref_alt:
		*ret_off = value->raw;
		*ret_file = unit->file->alt;
		return *ret_file != NULL;
	default:
		return false;
	}
}
