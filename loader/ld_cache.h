/* SPDX-License-Identifier: MIT */
/* The dynamic loader's cache (ldconfig's /etc/ld.so.cache): library names to paths. */
#ifndef CTRACE_LOADER_LD_CACHE_H
#define CTRACE_LOADER_LD_CACHE_H

#include <stddef.h>

/*
 * Path of the first 64-bit x86-64 library in the @size bytes at @data that @matches; to be freed;
 * NULL: none, or no cache of a format we know.  Safe on any bytes.
 */
char *ld_cache_find(const void *data, size_t size,
		    int (*matches)(const char *soname, const char *wanted), const char *wanted);

#endif
