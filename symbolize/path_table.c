/* SPDX-License-Identifier: MIT */
#include "symbolize/path_table.h"

#include "common/alloc.h"
#include "common/intern.h"

#include <string.h>

#define MAX_PATH_BYTES ((size_t)64 << 10)

static const char *join(struct intern *strings, const struct dwarf_path *path)
{
	const char *parts[] = {path->comp_dir, path->dir, path->name};
	_cleanup_free_ char *text = NULL;
	size_t len = 0;

	for (size_t i = 0; i < 3; i++)
		len += parts[i] ? strlen(parts[i]) + 1 : 0;
	if (len > MAX_PATH_BYTES)
		return NULL;
	text = xmalloc(len + 1);
	len = 0;
	for (size_t i = 0; i < 3; i++) {
		size_t part_len = parts[i] ? strlen(parts[i]) : 0;

		if (part_len == 0)
			continue;
		if (len && text[len - 1] != '/')
			text[len++] = '/';
		memcpy(text + len, parts[i], part_len);
		len += part_len;
	}
	return intern_bytes(strings, text, len);
}

static size_t hash(const struct dwarf_path *path)
{
	uint64_t mixed = (uintptr_t)path->name * 0x9e3779b97f4a7c15 +
			 (uintptr_t)path->dir * 0xc2b2ae3d27d4eb4f + (uintptr_t)path->comp_dir;

	return (mixed * 0x9e3779b97f4a7c15) >> (64 - PATH_TABLE_BITS);
}

const char *path_table_get(struct path_table *table, const struct dwarf_path *path)
{
	size_t i = hash(path);
	struct dwarf_path *key = &table->recent[i].path;

	if (!path->name)
		return NULL;
	if (key->name != path->name || key->dir != path->dir || key->comp_dir != path->comp_dir) {
		*key = *path;
		table->recent[i].text = join(table->strings, path);
	}
	return table->recent[i].text;
}
