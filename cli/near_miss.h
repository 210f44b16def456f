/* SPDX-License-Identifier: MIT */
/* "Did you mean ...?": the known word closest to a mistyped one. */
#ifndef CTRACE_CLI_NEAR_MISS_H
#define CTRACE_CLI_NEAR_MISS_H

#include <stddef.h>

/*
 * The word of @known (of @nr) that @typed was probably meant to be: at most two letters added,
 * dropped, changed or swapped with their neighbour, and fewer than half of them.  NULL: none.
 */
const char *near_miss(const char *typed, const char *const *known, size_t nr);

#endif
