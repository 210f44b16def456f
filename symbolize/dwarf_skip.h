/* SPDX-License-Identifier: MIT */
/* Running over DIEs that are of no interest, by the plan of their abbreviation. */
#ifndef CTRACE_SYMBOLIZE_DWARF_SKIP_H
#define CTRACE_SYMBOLIZE_DWARF_SKIP_H

#include "symbolize/dwarf_file.h"
#include "symbolize/dwarf_forms.h"

#include <dwarf.h>

/* Steps over the attributes of @abbrev; returns the sibling's offset in the unit, or 0. */
static inline uint64_t dwarf_attributes_skip(const struct dwarf_unit *unit,
					     const struct dwarf_abbrev *abbrev,
					     struct dwarf_cursor *cursor)
{
	const struct dwarf_skip *skip = unit->abbrevs->skips + abbrev->skips;
	uint64_t sibling = 0;

	for (unsigned int i = 0; i < abbrev->nr_skips; i++, skip++) {
		switch (skip->kind) {
		case DWARF_SKIP_LEB:
			dwarf_uleb(cursor);
			break;
		case DWARF_SKIP_BLOCK:
			dwarf_skip(cursor, dwarf_uleb(cursor));
			break;
		case DWARF_SKIP_BLOCK1:
			dwarf_skip(cursor, dwarf_u8(cursor));
			break;
		case DWARF_SKIP_BLOCK2:
			dwarf_skip(cursor, dwarf_u16(cursor));
			break;
		case DWARF_SKIP_BLOCK4:
			dwarf_skip(cursor, dwarf_u32(cursor));
			break;
		case DWARF_SKIP_STRING:
			dwarf_string(cursor);
			break;
		case DWARF_SKIP_INDIRECT:
			dwarf_form_skip(cursor, DW_FORM_indirect, unit->format);
			break;
		case DWARF_SKIP_SIBLING:
			sibling = dwarf_u32(cursor);
			break;
		default:
			break;
		}
		dwarf_skip(cursor, skip->fixed);
	}
	return sibling;
}

#endif
