/* SPDX-License-Identifier: MIT */
/*
 * The name of a function's DIE: its own, or that of the abstract function or declaration it comes
 * from, in whatever unit or file that is.
 */
#ifndef CTRACE_SYMBOLIZE_DWARF_NAMES_H
#define CTRACE_SYMBOLIZE_DWARF_NAMES_H

#include "symbolize/dwarf_file.h"

#define DWARF_MAX_HOPS 16 /* from a DIE to where its name is; compilers need 3 */

struct dwarf_name {
	const char *text; /* borrowed from the file; NULL: none */
	bool is_linkage;  /* mangled, or complete for another reason */
	/* Where @text was found, so that its scopes can be added to a plain name. */
	struct dwarf_unit *unit;
	uint64_t die;
};

struct dwarf_name dwarf_name_find(struct dwarf_unit *unit, uint64_t die);

#endif
