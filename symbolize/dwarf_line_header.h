/* SPDX-License-Identifier: MIT */
/* The header of a line number program: how its opcodes count, and its directories and files. */
#ifndef CTRACE_SYMBOLIZE_DWARF_LINE_HEADER_H
#define CTRACE_SYMBOLIZE_DWARF_LINE_HEADER_H

#include "symbolize/dwarf_cursor.h"
#include "symbolize/dwarf_line.h"

#define DWARF_MAX_OPCODES 256

struct dwarf_line_header {
	struct dwarf_cursor program;
	struct dwarf_line_files files;
	uint8_t min_instruction_length;
	int8_t line_base;
	uint8_t line_range;
	uint8_t opcode_base;
	uint8_t nr_operands[DWARF_MAX_OPCODES]; /* of standard opcodes */
	uint8_t address_size;
};

/* Reads the header of @unit's program.  -ENODATA: none; -EBADMSG: damaged or of unknown version. */
int dwarf_line_header_read(const struct dwarf_unit *unit, struct dwarf_line_header *ret_header);

#endif
