/* SPDX-License-Identifier: MIT */
#include "symbolize/dwarf_line_header.h"

#include "common/alloc.h"
#include "symbolize/dwarf_forms.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>

#define MAX_ENTRY_FORMATS 32

struct entry_format {
	uint64_t content;
	struct dwarf_attribute attribute;
};

/* Growing tables while they are read. */
struct table_builder {
	const struct dwarf_unit *unit;
	struct dwarf_format format; /* of the line table, which may differ from the unit's */
	struct dwarf_line_files files;
	size_t cap_dirs;
	size_t cap_files;
};

static bool add_dir(struct table_builder *builder, const char *dir)
{
	struct dwarf_line_files *files = &builder->files;

	if (files->nr_dirs == DWARF_MAX_FILES)
		return false;
	GROW_ARRAY(files->dirs, files->nr_dirs, builder->cap_dirs);
	files->dirs[files->nr_dirs++] = dir;
	return true;
}

static bool add_file(struct table_builder *builder, const char *name, uint64_t dir)
{
	struct dwarf_line_files *files = &builder->files;

	if (files->nr_files == DWARF_MAX_FILES)
		return false;
	GROW_ARRAY(files->files, files->nr_files, builder->cap_files);
	files->files[files->nr_files++] = (struct dwarf_line_file){.name = name, .dir = dir};
	return true;
}

/* Lists of strings, each ended by an empty one (DWARF 2 to 4). */
static bool read_v4_tables(struct table_builder *builder, struct dwarf_cursor *cursor)
{
	const char *text;

	add_dir(builder, builder->files.comp_dir);
	add_file(builder, NULL, 0);
	while ((text = dwarf_string(cursor)) && *text)
		if (!add_dir(builder, text))
			return false;
	while ((text = dwarf_string(cursor)) && *text) {
		uint64_t dir = dwarf_uleb(cursor);

		dwarf_uleb(cursor);
		dwarf_uleb(cursor);
		if (!add_file(builder, text, dir))
			return false;
	}
	return !cursor->failed;
}

static bool read_formats(struct dwarf_cursor *cursor, struct entry_format *formats,
			 unsigned int *ret_nr)
{
	unsigned int nr = dwarf_u8(cursor);

	if (nr > MAX_ENTRY_FORMATS)
		return false;
	for (unsigned int i = 0; i < nr; i++) {
		uint64_t form;

		formats[i].content = dwarf_uleb(cursor);
		form = dwarf_uleb(cursor);
		if (form > UINT16_MAX)
			return false;
		formats[i].attribute = (struct dwarf_attribute){.form = (uint16_t)form};
	}
	*ret_nr = nr;
	return !cursor->failed;
}

/* One table of entries whose layout it states itself (DWARF 5, 6.2.4.1). */
static bool read_v5_table(struct table_builder *builder, struct dwarf_cursor *cursor, bool is_dirs)
{
	struct entry_format formats[MAX_ENTRY_FORMATS];
	unsigned int nr_formats;
	uint64_t nr;

	if (!read_formats(cursor, formats, &nr_formats))
		return false;
	nr = dwarf_uleb(cursor);
	if (nr > DWARF_MAX_FILES || (nr && nr_formats == 0))
		return false;
	for (uint64_t i = 0; i < nr; i++) {
		const char *name = NULL;
		uint64_t dir = 0;

		for (unsigned int k = 0; k < nr_formats; k++) {
			struct dwarf_value value = dwarf_form_read(cursor, &formats[k].attribute,
								   builder->format);

			if (formats[k].content == DW_LNCT_path)
				name = dwarf_value_string(builder->unit, &value);
			else if (formats[k].content == DW_LNCT_directory_index)
				dir = value.raw;
		}
		if (cursor->failed)
			return false;
		if (is_dirs)
			add_dir(builder, name);
		else
			add_file(builder, name, dir);
	}
	return true;
}

static bool read_tables(struct table_builder *builder, struct dwarf_cursor *cursor)
{
	if (builder->format.version < 5)
		return read_v4_tables(builder, cursor);
	return read_v5_table(builder, cursor, true) && read_v5_table(builder, cursor, false);
}

int dwarf_line_header_read(const struct dwarf_unit *unit, struct dwarf_line_header *ret_header)
{
	struct elf_span section = unit->file->sections[DWARF_LINE];
	struct table_builder builder = {.unit = unit, .format = unit->format};
	struct dwarf_line_header header = {.address_size = unit->format.address_size};
	struct dwarf_cursor cursor;
	unsigned int offset_size;
	uint64_t len;

	if (!unit->has_lines || !section.data)
		return -ENODATA;
	cursor = dwarf_cursor_at(section.data, section.size, unit->lines_off);
	len = dwarf_initial_length(&cursor, &offset_size);
	dwarf_limit(&cursor, len);
	builder.format.offset_size = (uint8_t)offset_size;
	builder.format.version = (uint8_t)dwarf_u16(&cursor);
	if (cursor.failed || builder.format.version < 2 || builder.format.version > 5)
		return -EBADMSG;
	if (builder.format.version >= 5) {
		header.address_size = dwarf_u8(&cursor);
		dwarf_u8(&cursor);
	}
	len = dwarf_unsigned(&cursor, offset_size);
	header.program = cursor;
	dwarf_skip(&header.program, len);
	header.min_instruction_length = dwarf_u8(&cursor);
	if (builder.format.version >= 4)
		dwarf_u8(&cursor);
	dwarf_u8(&cursor);
	header.line_base = (int8_t)dwarf_u8(&cursor);
	header.line_range = dwarf_u8(&cursor);
	header.opcode_base = dwarf_u8(&cursor);
	for (unsigned int i = 1; i < header.opcode_base; i++)
		header.nr_operands[i] = dwarf_u8(&cursor);
	if (cursor.failed || header.program.failed || header.line_range == 0 ||
	    (header.address_size != 8 && header.address_size != 4))
		return -EBADMSG;
	builder.files.comp_dir = unit->comp_dir;
	builder.files.version = builder.format.version;
	if (!read_tables(&builder, &cursor)) {
		dwarf_line_files_release(&builder.files);
		return -EBADMSG;
	}
	header.files = builder.files;
	*ret_header = header;
	return 0;
}

void dwarf_line_files_release(struct dwarf_line_files *files)
{
	free(files->dirs);
	free(files->files);
	*files = (struct dwarf_line_files){0};
}

struct dwarf_path dwarf_line_path(const struct dwarf_line_files *files, uint64_t index)
{
	struct dwarf_path path = {0};
	const struct dwarf_line_file *file;

	if (index >= files->nr_files || !files->files[index].name)
		return path;
	file = &files->files[index];
	path.name = file->name;
	if (path.name[0] == '/')
		return path;
	if (file->dir < files->nr_dirs)
		path.dir = files->dirs[file->dir];
	if (!path.dir || path.dir[0] != '/')
		path.comp_dir = files->comp_dir;
	/* Directory 0 of DWARF 4 is the compilation directory itself. */
	if (path.dir == files->comp_dir)
		path.comp_dir = NULL;
	return path;
}
