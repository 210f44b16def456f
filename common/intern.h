/* SPDX-License-Identifier: MIT */
/*
 * Strings kept once: equal strings are one pointer, valid until the table is freed.  Not
 * thread-safe; a thread uses its own table or a lock.
 */
#ifndef CTRACE_COMMON_INTERN_H
#define CTRACE_COMMON_INTERN_H

#include "common/cleanup.h"

#include <stddef.h>

struct intern;

struct intern *intern_new(void);
void intern_free(struct intern *table);
DEFINE_CLEANUP(struct intern *, intern_free);

/* The one copy of @text.  NULL gives NULL. */
const char *intern_string(struct intern *table, const char *text);
const char *intern_bytes(struct intern *table, const char *text, size_t len);
/* Distinct strings held. */
size_t intern_count(const struct intern *table);

#endif
