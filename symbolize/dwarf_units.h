/* SPDX-License-Identifier: MIT */
/* Unit headers and root DIEs; the part of dwarf_file.h that reads them. */
#ifndef CTRACE_SYMBOLIZE_DWARF_UNITS_H
#define CTRACE_SYMBOLIZE_DWARF_UNITS_H

#include "symbolize/dwarf_file.h"
#include "symbolize/dwarf_forms.h"

/* One DIE, its code read and its attributes not yet. */
struct dwarf_die {
	const struct dwarf_unit *unit;
	const struct dwarf_abbrev *abbrev;
	struct dwarf_cursor cursor; /* at the first attribute, limited to the unit */
};

/* Fills file->units from the headers in .debug_info.  A damaged header ends the list. */
int dwarf_units_list(struct dwarf_file *file);

/* Positions at the DIE at @off of a loaded unit; false if there is none. */
bool dwarf_die_at(const struct dwarf_unit *unit, uint64_t off, struct dwarf_die *ret_die);
/* The attributes of @die's abbreviation. */
const struct dwarf_attribute *dwarf_die_attributes(const struct dwarf_die *die);

/* The table at @off, read once; NULL if damaged.  The caller holds file->lock. */
const struct dwarf_abbrevs *dwarf_file_abbrevs(struct dwarf_file *file, uint64_t off,
					       struct dwarf_format format);

#endif
