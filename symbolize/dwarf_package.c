/* SPDX-License-Identifier: MIT */
#include "symbolize/dwarf_package.h"

#include "symbolize/dwarf_cursor.h"

#include <errno.h>

/* Column ids common to GNU's version 2 and DWARF 5 (7.3.5.3), and those that are not. */
enum section_column {
	COLUMN_INFO = 1,
	COLUMN_ABBREV = 3,
	COLUMN_STR_OFFSETS = 6,
	COLUMN_V5_RNGLISTS = 8,
};

#define MAX_COLUMNS 16
#define ENTRY_BYTES 4

struct package_index {
	uint32_t version;
	uint32_t nr_columns;
	uint32_t nr_units;
	uint32_t nr_slots;
	const uint8_t *signatures; /* nr_slots of 8 bytes */
	const uint8_t *rows;	   /* nr_slots of 4 bytes, 0 for an empty slot */
	const uint8_t *columns;	   /* nr_columns ids */
	const uint8_t *offsets;	   /* nr_units rows of nr_columns offsets */
};

static uint32_t read_u32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static int read_index(struct elf_span span, struct package_index *index)
{
	struct dwarf_cursor cursor = dwarf_cursor_at(span.data, span.size, 0);

	/* Version 5 is 16 bits wide and padded with zeros. */
	index->version = dwarf_u32(&cursor);
	index->nr_columns = dwarf_u32(&cursor);
	index->nr_units = dwarf_u32(&cursor);
	index->nr_slots = dwarf_u32(&cursor);
	if (cursor.failed || (index->version != 2 && index->version != 5) ||
	    index->nr_columns > MAX_COLUMNS)
		return -EBADMSG;
	index->signatures = cursor.at;
	dwarf_skip(&cursor, (uint64_t)index->nr_slots * 8);
	index->rows = cursor.at;
	dwarf_skip(&cursor, (uint64_t)index->nr_slots * ENTRY_BYTES);
	index->columns = cursor.at;
	dwarf_skip(&cursor, (uint64_t)index->nr_columns * ENTRY_BYTES);
	index->offsets = cursor.at;
	dwarf_skip(&cursor, (uint64_t)index->nr_units * index->nr_columns * ENTRY_BYTES);
	return cursor.failed ? -EBADMSG : 0;
}

/* Gives the unit of one row its shares. */
static void set_shares(struct dwarf_file *file, const struct package_index *index, uint32_t row,
		       uint64_t signature)
{
	const uint8_t *offsets = index->offsets + (size_t)row * index->nr_columns * ENTRY_BYTES;
	uint64_t info = 0, abbrev = 0, str_offsets = 0, rnglists = 0;
	struct dwarf_unit *unit;

	for (uint32_t i = 0; i < index->nr_columns; i++) {
		uint32_t off = read_u32(offsets + (size_t)i * ENTRY_BYTES);

		switch (read_u32(index->columns + (size_t)i * ENTRY_BYTES)) {
		case COLUMN_INFO:
			info = off;
			break;
		case COLUMN_ABBREV:
			abbrev = off;
			break;
		case COLUMN_STR_OFFSETS:
			str_offsets = off;
			break;
		case COLUMN_V5_RNGLISTS:
			rnglists = index->version == 5 ? off : 0;
			break;
		default:
			break;
		}
	}
	/* The first DIE lies behind the header; any offset in the unit finds it. */
	unit = info < UINT32_MAX - 64 ? dwarf_file_unit_at(file, info + 40) : NULL;
	if (!unit || unit->off != info || unit->str_offsets_start || unit->rnglists_start)
		return;
	unit->abbrev_off += abbrev;
	unit->str_offsets_start = str_offsets;
	unit->rnglists_start = rnglists;
	unit->id = signature;
}

int dwarf_package_index(struct dwarf_file *file)
{
	struct package_index index = {0};
	struct elf_span span;

	if (elf_image_section_by_name(file->image, ".debug_cu_index", &span) < 0)
		return -ENOENT;
	if (read_index(span, &index) < 0)
		return -EBADMSG;
	for (uint32_t i = 0; i < index.nr_slots; i++) {
		uint32_t row = read_u32(index.rows + (size_t)i * ENTRY_BYTES);
		uint64_t signature;

		if (row == 0 || row > index.nr_units)
			continue;
		memcpy(&signature, index.signatures + (size_t)i * 8, sizeof(signature));
		set_shares(file, &index, row - 1, signature);
	}
	return 0;
}
