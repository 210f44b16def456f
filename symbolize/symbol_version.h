/* SPDX-License-Identifier: MIT */
/*
 * The "@VERSION" or "@@VERSION" that linkers append to the names of versioned symbols, told from
 * an '@' of the name itself (Crystal's "*Shelf(Int32)@Shelf(T)#put", C3's "depot.@each").
 */
#ifndef CTRACE_SYMBOLIZE_SYMBOL_VERSION_H
#define CTRACE_SYMBOLIZE_SYMBOL_VERSION_H

#include <stddef.h>

/* Length of @name (@len bytes) without its version or "@plt"; @len where it has none. */
size_t symbol_version_strip(const char *name, size_t len);

#endif
