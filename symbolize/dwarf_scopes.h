/* SPDX-License-Identifier: MIT */
/*
 * The namespaces, classes and functions around DIEs: what stands before a plain name, where
 * compilers give no linkage name (functions of local types, -g1).
 */
#ifndef CTRACE_SYMBOLIZE_DWARF_SCOPES_H
#define CTRACE_SYMBOLIZE_DWARF_SCOPES_H

#include "symbolize/dwarf_file.h"

#define DWARF_SCOPES_MAX_NAME ((size_t)64 << 10) /* longer names keep their plain form */

struct dwarf_scope_query {
	uint64_t die;	  /* offset in .debug_info */
	const char *name; /* its plain name, borrowed */
	char *full;	  /* out: "ns::Class::name", to be freed; NULL: it stands in no scope */
};

/*
 * Answers @queries, sorted by DIE and all of the loaded @unit, in one run over the unit's DIEs up
 * to the last of them.  Only C++ is known; queries of other languages stay unanswered.
 */
void dwarf_scopes_find(const struct dwarf_unit *unit, struct dwarf_scope_query *queries, size_t nr);

#endif
