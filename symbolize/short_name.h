/* SPDX-License-Identifier: MIT */
/*
 * Demangled names made short enough for a box.  Works on text with brackets in mind, never by
 * regular expression, and gives up (returning the name as it was) on what it cannot parse.
 */
#ifndef CTRACE_SYMBOLIZE_SHORT_NAME_H
#define CTRACE_SYMBOLIZE_SHORT_NAME_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A C++ name as libiberty prints it: parameter lists, ABI tags, inline namespaces and defaulted
 * template arguments go, std::basic_string<char> becomes std::string; @collapse empties template
 * argument lists.  To be freed by the caller, as with the others.
 */
char *short_name_cplus(const char *name, bool collapse);
/* Generic arguments emptied: "Vec<u8>::push" is "Vec<>::push"; "<T as Trait>::f" stays. */
char *short_name_rust_collapsed(const char *name);
/* A D name without its parameter lists; @collapse empties "!(...)" too. */
char *short_name_dlang(const char *name, bool collapse);
/* Length of @raw without what compilers append to symbols: ".isra.0", ".cold", ".llvm.123". */
size_t short_name_without_clone_suffix(const char *raw, size_t len);

#endif
