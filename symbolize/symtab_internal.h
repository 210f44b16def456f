/* SPDX-License-Identifier: MIT */
/* What the files that build and search a symbol table share; nobody else's business. */
#ifndef CTRACE_SYMBOLIZE_SYMTAB_INTERNAL_H
#define CTRACE_SYMBOLIZE_SYMTAB_INTERNAL_H

#include "symbolize/segments.h"
#include "symbolize/symbol_list.h"

struct symtab {
	struct symbol_list list;  /* sorted; aliases included */
	struct segments segments; /* values are indices into the list */
};

#endif
