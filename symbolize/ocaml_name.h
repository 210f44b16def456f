/* SPDX-License-Identifier: MIT */
/* The names OCaml's native compiler gives its functions, up to 5.3. */
#ifndef CTRACE_SYMBOLIZE_OCAML_NAME_H
#define CTRACE_SYMBOLIZE_OCAML_NAME_H

/*
 * "camlStdlib__Array__sort_345" (4.x), "camlStdlib__Array.sort_345" and
 * "camlStdlib__Array$sort_345" (5.x) as "Stdlib.Array.sort": modules joined by dots, the compiler's
 * stamp dropped, "$27" as the character it stands for.  To be freed; NULL: not such a name.
 */
char *ocaml_name(const char *raw);

#endif
