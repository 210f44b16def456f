/* SPDX-License-Identifier: MIT */
/* What libiberty leaves undone in Rust names of the older mangling. */
#ifndef CTRACE_SYMBOLIZE_RUST_NAME_H
#define CTRACE_SYMBOLIZE_RUST_NAME_H

/*
 * Puts the character for each "$uXXXX$" of @name, in place, as UTF-8: libiberty does so with ASCII
 * only.  Control characters and what is no character stay escaped.
 */
void rust_name_unescape(char *name);

#endif
