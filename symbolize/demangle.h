/* SPDX-License-Identifier: MIT */
/* C++, Rust (legacy and v0), D and OCaml names, and the short forms people want to read. */
#ifndef CTRACE_SYMBOLIZE_DEMANGLE_H
#define CTRACE_SYMBOLIZE_DEMANGLE_H

enum demangle_mode {
	DEMANGLE_SHORT, /* no parameters, return types, hashes, clone suffixes; the default */
	DEMANGLE_FULL,
	DEMANGLE_SIMPLE, /* short, and template arguments collapsed to <> */
	DEMANGLE_NONE,
};

/*
 * @raw in the spelling of @mode, to be freed by the caller; a name nobody understands comes back
 * as it is, but for "@VERSION" and, in SHORT and SIMPLE, compiler suffixes such as ".isra.0".
 */
char *demangle_name(const char *raw, enum demangle_mode mode);

#endif
