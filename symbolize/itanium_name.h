/* SPDX-License-Identifier: MIT */
/*
 * Names mangled by the Itanium C++ ABI as clang 18 and later write them: constraints, template
 * parameter declarations, explicit objects, friends, modules.  For names that libiberty does not
 * know; spelled as it spells them.  Bounded in depth, text and time whatever the name is.
 */
#ifndef CTRACE_SYMBOLIZE_ITANIUM_NAME_H
#define CTRACE_SYMBOLIZE_ITANIUM_NAME_H

#include <stdbool.h>

/*
 * @mangled ("_Z...") demangled, to be freed by the caller; NULL if it is no such name or too
 * large.  @parameters: with return type and parameter list, as in a declaration.
 */
char *itanium_name(const char *mangled, bool parameters);

#endif
