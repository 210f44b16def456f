/* SPDX-License-Identifier: MIT */
/*
 * DWARF attribute values: their sizes, how to read them, and what the indirect ones (indices into
 * .debug_addr and .debug_str_offsets, offsets into string sections) stand for.
 */
#ifndef CTRACE_SYMBOLIZE_DWARF_FORMS_H
#define CTRACE_SYMBOLIZE_DWARF_FORMS_H

#include "symbolize/dwarf_abbrev.h"
#include "symbolize/dwarf_cursor.h"

struct dwarf_file;
struct dwarf_unit;

struct dwarf_value {
	uint16_t form;	  /* 0: the attribute is absent */
	uint64_t raw;	  /* constant, offset, index or length */
	const char *text; /* DW_FORM_string */
};

/* Bytes a form takes, or -1 if that depends on its contents or nobody knows the form. */
int dwarf_form_size(uint16_t form, struct dwarf_format format);
/* Steps over a value; an unknown form fails the cursor. */
void dwarf_form_skip(struct dwarf_cursor *cursor, uint16_t form, struct dwarf_format format);
/* Reads a value; DW_FORM_indirect is followed. */
struct dwarf_value dwarf_form_read(struct dwarf_cursor *cursor,
				   const struct dwarf_attribute *attribute,
				   struct dwarf_format format);

/* An address; false if its index leads nowhere. */
bool dwarf_value_address(const struct dwarf_unit *unit, const struct dwarf_value *value,
			 uint64_t *ret_address);
/* Entry @index of the unit's part of .debug_addr. */
bool dwarf_indexed_address(const struct dwarf_unit *unit, uint64_t index, uint64_t *ret_address);
/* Whether the value is an address, not an offset from one (DW_AT_high_pc may be either). */
bool dwarf_value_is_address(const struct dwarf_value *value);
/* A string, borrowed from its section; NULL if it leads nowhere. */
const char *dwarf_value_string(const struct dwarf_unit *unit, const struct dwarf_value *value);
/* The DIE a reference means: @ret_file and the offset into that file's .debug_info. */
bool dwarf_value_reference(const struct dwarf_unit *unit, const struct dwarf_value *value,
			   struct dwarf_file **ret_file, uint64_t *ret_off);

#endif
