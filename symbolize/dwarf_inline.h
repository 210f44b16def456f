/* SPDX-License-Identifier: MIT */
/*
 * The function at an address and what was inlined there: one run over a unit's DIEs for all wanted
 * addresses, which keeps only functions that hold one of them.  Offsets, not names.
 */
#ifndef CTRACE_SYMBOLIZE_DWARF_INLINE_H
#define CTRACE_SYMBOLIZE_DWARF_INLINE_H

#include "symbolize/dwarf_file.h"

#define DWARF_MAX_DEPTH	    512
#define DWARF_NO_FUNCTION   UINT32_MAX
#define DWARF_MAX_FUNCTIONS ((size_t)16 << 20)

/* A function, or one inlined into its parent. */
struct dwarf_function {
	uint64_t die;
	uint32_t parent; /* index of the function it was inlined into, or DWARF_NO_FUNCTION */
	uint32_t call_file;
	uint32_t call_line;
	bool is_inlined;
};

struct dwarf_functions {
	struct dwarf_function *items;
	size_t nr;
	size_t cap;
	uint32_t *innermost; /* of each address */
};

/*
 * Finds the functions of the @nr addresses @pcs, which are sorted, in the loaded @unit.  @thorough
 * looks into every DIE; otherwise declarations and abstract functions are stepped over, where code
 * is rare.  -EBADMSG: damaged, what was found before stands; -E2BIG: over a limit.
 */
int dwarf_functions_find(const struct dwarf_unit *unit, const uint64_t *pcs, size_t nr,
			 bool thorough, struct dwarf_functions *ret_functions);
void dwarf_functions_release(struct dwarf_functions *functions);

#endif
