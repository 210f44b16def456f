/* SPDX-License-Identifier: MIT */
/*
 * Resource limits: what ctrace may lift of its own, and which of them an error may come from.
 * Prints nothing.
 */
#ifndef CTRACE_LOADER_LIMITS_H
#define CTRACE_LOADER_LIMITS_H

struct rlimit;

/* As many open files as this process may allow itself; @ret_before is what the program gets. */
void limits_raise_files(struct rlimit *ret_before);

/*
 * The limit that @err (an errno, either sign) may be due to, as a sentence to be freed; NULL if
 * there is none of the kind.
 */
char *limits_explain(int err);

#endif
