/* SPDX-License-Identifier: MIT */
#include "loader/ld_cache.h"

#include "common/alloc.h"

#include <stdint.h>
#include <string.h>

/* glibc's sysdeps/generic/dl-cache.h: the format since 2.2, in 2.32 the only one written. */
#define CACHE_MAGIC	    "glibc-ld.so.cache1.1"
#define OLD_MAGIC	    "ld.so-1.7.0"
#define OLD_HEADER_SIZE	    16 /* magic, padding, entries */
#define OLD_ENTRY_SIZE	    12
#define FLAGS_X86_64_LIBC6  0x0303
#define MAX_CACHE_LIBRARIES 1000000

struct cache_header {
	char magic[20];
	uint32_t nr_libraries;
	uint32_t len_strings;
	uint32_t unused[5];
};

struct cache_entry {
	int32_t flags;
	uint32_t name; /* offsets of strings from the header on */
	uint32_t path;
	uint32_t os_version;
	uint64_t hwcap;
};

_Static_assert(sizeof(struct cache_header) == 48, "as in the file");
_Static_assert(sizeof(struct cache_entry) == 24, "as in the file");

/* A file may begin with the old format, whose entries the new one follows, aligned. */
static size_t header_offset(const uint8_t *data, size_t size)
{
	uint32_t nr;
	size_t at;

	if (size < OLD_HEADER_SIZE || memcmp(data, OLD_MAGIC, strlen(OLD_MAGIC)))
		return 0;
	memcpy(&nr, data + 12, sizeof(nr));
	if (nr > MAX_CACHE_LIBRARIES)
		return size;
	at = OLD_HEADER_SIZE + (size_t)nr * OLD_ENTRY_SIZE;
	return (at + 7) & ~(size_t)7;
}

static const char *string_at(const uint8_t *data, size_t size, uint32_t off)
{
	if (off >= size || !memchr(data + off, '\0', size - off))
		return NULL;
	return (const char *)data + off;
}

char *ld_cache_find(const void *data, size_t size,
		    int (*matches)(const char *soname, const char *wanted), const char *wanted)
{
	const uint8_t *bytes = data;
	size_t begin = header_offset(bytes, size);
	struct cache_header header;

	if (begin > size || size - begin < sizeof(header))
		return NULL;
	bytes += begin;
	size -= begin;
	memcpy(&header, bytes, sizeof(header));
	if (memcmp(header.magic, CACHE_MAGIC, sizeof(header.magic)))
		return NULL;
	if (header.nr_libraries > MAX_CACHE_LIBRARIES ||
	    header.nr_libraries > (size - sizeof(header)) / sizeof(struct cache_entry))
		return NULL;
	for (size_t i = 0; i < header.nr_libraries; i++) {
		struct cache_entry entry;
		const char *name, *path;

		memcpy(&entry, bytes + sizeof(header) + i * sizeof(entry), sizeof(entry));
		name = string_at(bytes, size, entry.name);
		path = string_at(bytes, size, entry.path);
		if (entry.flags == FLAGS_X86_64_LIBC6 && name && path && matches(name, wanted))
			return xstrdup(path);
	}
	return NULL;
}
