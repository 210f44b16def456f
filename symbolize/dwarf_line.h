/* SPDX-License-Identifier: MIT */
/*
 * Source lines: a unit's file table, and one run of its line program for all wanted addresses.  No
 * row is kept that no address wants.
 */
#ifndef CTRACE_SYMBOLIZE_DWARF_LINE_H
#define CTRACE_SYMBOLIZE_DWARF_LINE_H

#include "symbolize/dwarf_file.h"

#define DWARF_MAX_FILES ((size_t)1 << 20)

/* A path in pieces, each NULL or borrowed: [[comp_dir/]dir/]name. */
struct dwarf_path {
	const char *comp_dir;
	const char *dir;
	const char *name;
};

struct dwarf_line_files {
	const char **dirs; /* entry 0 is the compilation directory */
	size_t nr_dirs;
	struct dwarf_line_file *files; /* entry 0 is file 0, which DWARF 4 does not have */
	size_t nr_files;
	const char *comp_dir;
	uint16_t version;
};

struct dwarf_line_file {
	const char *name; /* NULL: no such file */
	uint64_t dir;
};

/* The row that governs an address. */
struct dwarf_line_row {
	uint32_t file;
	uint32_t line;
	bool is_known;
};

/*
 * Reads the line table of the loaded @unit and finds the rows of the @nr sorted addresses @pcs;
 * @rows has room for them.  -ENODATA: the unit has none; -EBADMSG: damaged, what was found before
 * stands; -E2BIG: over the budget.
 */
int dwarf_lines_find(const struct dwarf_unit *unit, const uint64_t *pcs, size_t nr,
		     struct dwarf_line_row *rows, struct dwarf_line_files *ret_files);
void dwarf_line_files_release(struct dwarf_line_files *files);

/* Path of file @index as rows and DW_AT_call_file number them; name is NULL if there is none. */
struct dwarf_path dwarf_line_path(const struct dwarf_line_files *files, uint64_t index);

#endif
