/* SPDX-License-Identifier: MIT */
/*
 * One unit for each address of overlapping claims.  Linkers point the debug information of
 * discarded copies of a function at the copy that was kept, so neighbouring functions are often
 * claimed by the same wrong unit; the owner of the address before keeps what it can, else the
 * first unit of the file gets it.
 */
#ifndef CTRACE_SYMBOLIZE_DWARF_OWNER_H
#define CTRACE_SYMBOLIZE_DWARF_OWNER_H

#include "symbolize/dwarf_aranges.h"

/* @claims are sorted by start; the segments' values are units. */
void dwarf_owners_build(const struct dwarf_unit_claim *claims, size_t nr, size_t nr_units,
			struct segments *ret_owners);

#endif
