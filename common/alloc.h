/* SPDX-License-Identifier: MIT */
/*
 * Allocation that cannot fail: out of memory ends the program with one message.  Sizes that come
 * from files, /proc or the kernel are checked against a named limit before they get here.
 */
#ifndef CTRACE_COMMON_ALLOC_H
#define CTRACE_COMMON_ALLOC_H

#include <stddef.h>

void *xmalloc(size_t size) __attribute__((malloc, alloc_size(1), returns_nonnull));
void *xcalloc(size_t nr, size_t size) __attribute__((malloc, alloc_size(1, 2), returns_nonnull));
/* Frees nothing on overflow: it dies instead. */
void *xreallocarray(void *ptr, size_t nr, size_t size) __attribute__((alloc_size(2, 3)));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
char *xstrndup(const char *s, size_t len) __attribute__((malloc, returns_nonnull));
void *xmemdup(const void *data, size_t size) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *format, ...)
	__attribute__((malloc, returns_nonnull, format(printf, 1, 2)));

/* Ends the program (status 125) with "out of memory". */
void die_oom(void) __attribute__((noreturn));

/* Makes room for one more element in the array @ptr of @nr elements and capacity @cap. */
#define GROW_ARRAY(ptr, nr, cap)                                             \
	do {                                                                 \
		if ((nr) == (cap)) {                                         \
			(cap) = (cap) ? (cap)*2 : 16;                        \
			(ptr) = xreallocarray((ptr), (cap), sizeof(*(ptr))); \
		}                                                            \
	} while (0)

#endif
