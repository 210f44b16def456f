/* SPDX-License-Identifier: MIT */
#include "symbolize/perf_map.h"

#include "common/alloc.h"
#include "symbolize/runtime_file.h"
#include "symbolize/segments.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ENTRIES ((size_t)32 << 20)

struct perf_map_entry {
	uint64_t start;
	size_t name; /* offset into the text */
};

struct perf_map {
	char *text;
	struct perf_map_entry *entries; /* in the file's order */
	size_t nr_entries;
	size_t cap_entries;
	struct segments segments; /* values are indices into the entries */
};

/* Hexadecimal without regard to case or "0x"; false if there are no digits or too many. */
static bool parse_hex(const char **at, const char *end, uint64_t *ret_value)
{
	const char *p = *at;
	const char *digits;
	uint64_t value = 0;

	if (end - p > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
		p += 2;
	digits = p;
	for (; p < end; p++) {
		unsigned int digit;

		if (*p >= '0' && *p <= '9')
			digit = (unsigned int)(*p - '0');
		else if ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'f')
			digit = (unsigned int)((*p | 0x20) - 'a' + 10);
		else
			break;
		if (value >> 60)
			return false;
		value = value << 4 | digit;
	}
	*at = p;
	*ret_value = value;
	return p > digits;
}

/* "start size name with spaces"; false for a line that is none, which is skipped. */
static bool parse_line(struct perf_map *map, const char *line, const char *end,
		       struct address_range *ret_range)
{
	const char *at = line;
	uint64_t start, size;

	if (!parse_hex(&at, end, &start) || at == end || *at != ' ')
		return false;
	at++;
	if (!parse_hex(&at, end, &size) || at == end || *at != ' ')
		return false;
	at++;
	if (at == end || size == 0 || size > UINT64_MAX - start)
		return false;
	GROW_ARRAY(map->entries, map->nr_entries, map->cap_entries);
	map->entries[map->nr_entries] = (struct perf_map_entry){.start = start,
								.name = (size_t)(at - map->text)};
	/* Code is moved and re-emitted: what was written last is what runs. */
	*ret_range = (struct address_range){.start = start,
					    .end = start + size,
					    .rank = (uint32_t)map->nr_entries,
					    .value = (uint32_t)map->nr_entries};
	map->nr_entries++;
	return true;
}

/* Takes @text, which has room for a NUL at @size. */
static void parse_text(char *text, size_t size, struct perf_map **ret_map)
{
	struct perf_map *map = xcalloc(1, sizeof(*map));
	struct address_range *ranges = NULL;
	size_t nr = 0, cap = 0;

	text[size] = '\0';
	map->text = text;
	for (char *line = text; line < text + size && map->nr_entries < MAX_ENTRIES;) {
		char *end = memchr(line, '\n', (size_t)(text + size - line));

		if (!end)
			end = text + size;
		GROW_ARRAY(ranges, nr, cap);
		if (parse_line(map, line, end, &ranges[nr]))
			nr++;
		*end = '\0';
		line = end + 1;
	}
	segments_build(ranges, nr, &map->segments);
	free(ranges);
	*ret_map = map;
}

int perf_map_parse(const char *text, size_t size, struct perf_map **ret_map)
{
	char *copy;

	if (size > PERF_MAP_MAX_BYTES)
		return -E2BIG;
	copy = xmalloc(size + 1);
	memcpy(copy, text, size);
	parse_text(copy, size, ret_map);
	return 0;
}

int perf_map_load(int fd, uid_t uid, uint64_t off, struct perf_map **ret_map)
{
	uint8_t *bytes;
	size_t len;
	int err;

	err = runtime_file_read(fd, uid, PERF_MAP_MAX_BYTES, &bytes, &len);
	if (err)
		return err;
	/* A runtime may be writing the last line just now. */
	while (len > 0 && bytes[len - 1] != '\n')
		len--;
	if (off > len)
		off = len;
	memmove(bytes, bytes + off, len - off);
	parse_text((char *)bytes, len - off, ret_map);
	return 0;
}

void perf_map_free(struct perf_map *map)
{
	if (!map)
		return;
	free(map->text);
	free(map->entries);
	free(map->segments.items);
	free(map);
}

const char *perf_map_find(const struct perf_map *map, uint64_t addr, uint64_t *ret_start)
{
	const struct segment *segment = segments_find(&map->segments, addr);
	const struct perf_map_entry *entry;

	if (!segment)
		return NULL;
	entry = &map->entries[segment->value];
	if (ret_start)
		*ret_start = entry->start;
	return map->text + entry->name;
}
