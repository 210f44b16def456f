/* SPDX-License-Identifier: MIT */
/*
 * Which unit describes an address: .debug_aranges where it lists a unit, else the unit's own
 * ranges.  Several units may claim one address; all of them can be asked for.
 */
#ifndef CTRACE_SYMBOLIZE_DWARF_ARANGES_H
#define CTRACE_SYMBOLIZE_DWARF_ARANGES_H

#include "symbolize/dwarf_file.h"
#include "symbolize/segments.h"

#define DWARF_MAX_ARANGES ((size_t)32 << 20)

struct dwarf_unit_claim {
	uint64_t start;
	uint64_t end;
	uint64_t max_end; /* of this and all claims before it */
	uint32_t unit;
};

struct dwarf_unit_index {
	struct dwarf_unit_claim *claims; /* by start */
	size_t nr;
	struct segments owners;
	uint32_t *unknown; /* units that do not say where their code is */
	size_t nr_unknown;
};

void dwarf_unit_index_build(struct dwarf_file *file, struct dwarf_unit_index *ret_index);
void dwarf_unit_index_release(struct dwarf_unit_index *index);

/*
 * The @nth (from 0) unit that claims @pc, its owner first and the others by offset in the file;
 * -ENOENT if there are not so many.
 */
int dwarf_unit_index_find(const struct dwarf_unit_index *index, uint64_t pc, size_t nth);

#endif
