/* SPDX-License-Identifier: MIT */
/* What object_functions*.c share: the sources of one object's functions, opened as needed. */
#ifndef CTRACE_LOADER_OBJECT_FUNCTIONS_INTERNAL_H
#define CTRACE_LOADER_OBJECT_FUNCTIONS_INTERNAL_H

#include "loader/object_code.h"
#include "loader/object_functions.h"

struct gopclntab;
struct symtab;

struct object_functions {
	struct object_code code; /* owns both */
	char *path;
	struct symtab *symtab;
	struct elf_image *debug_image;
	struct symtab *debug_symtab; /* of both */
	struct gopclntab *go;
	uint64_t *resolvers; /* vaddrs of functions that choose others at run time */
	size_t nr_resolvers, cap_resolvers;
	bool debug_tried, go_tried, resolvers_tried;
	struct function_search *search;	 /* of the last match: owns its names */
	struct function_search *inlined; /* of the last question for it */
};

/* All symbols of functions: with those of the debug file if the object is stripped. */
const struct symtab *object_functions_symtab(struct object_functions *object);
/* Go's table, or NULL. */
const struct gopclntab *object_functions_go(struct object_functions *object);

#endif
