/* SPDX-License-Identifier: MIT */
#include "common/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_CTRACE_FAILED 125 /* ctrace itself failed, as env(1) and timeout(1) say it */

void die_oom(void)
{
	static const char message[] = "ctrace: out of memory\n";

	/* Nothing that may allocate, and no exit handlers: they might allocate too. */
	if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
		_exit(EXIT_CTRACE_FAILED);
	_exit(EXIT_CTRACE_FAILED);
}

void *xmalloc(size_t size)
{
	void *ptr = malloc(size ? size : 1);

	if (!ptr)
		die_oom();
	return ptr;
}

void *xcalloc(size_t nr, size_t size)
{
	void *ptr = nr && size ? calloc(nr, size) : calloc(1, 1);

	if (!ptr)
		die_oom();
	return ptr;
}

void *xreallocarray(void *ptr, size_t nr, size_t size)
{
	/* realloc() to zero bytes may free and give NULL; one byte keeps the result a pointer. */
	void *grown = nr && size ? reallocarray(ptr, nr, size) : realloc(ptr, 1);

	if (!grown)
		die_oom();
	return grown;
}

char *xstrdup(const char *s)
{
	return xmemdup(s, strlen(s) + 1);
}

char *xstrndup(const char *s, size_t len)
{
	char *copy;

	len = strnlen(s, len);
	copy = xmalloc(len + 1);
	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

void *xmemdup(const void *data, size_t size)
{
	void *copy = xmalloc(size);

	if (size)
		memcpy(copy, data, size);
	return copy;
}

char *xasprintf(const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0)
		die_oom();
	return text;
}
