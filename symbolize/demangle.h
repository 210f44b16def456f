/* SPDX-License-Identifier: MIT */
/* C++, Rust (legacy and v0) and D names, and the short forms people want to read. */
#ifndef CTRACE_SYMBOLIZE_DEMANGLE_H
#define CTRACE_SYMBOLIZE_DEMANGLE_H

#include "symbolize/symbolizer.h"

/*
 * @raw in the spelling of @mode, to be freed by the caller; a name nobody understands comes back
 * as it is, but for "@VERSION" and, in SHORT and SIMPLE, compiler suffixes such as ".isra.0".
 */
char *demangle_name(const char *raw, enum demangle_mode mode);

#endif
