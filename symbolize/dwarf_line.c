/* SPDX-License-Identifier: MIT */
#include "symbolize/dwarf_line.h"

#include "common/alloc.h"
#include "symbolize/address_search.h"
#include "symbolize/dwarf_line_header.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>

#define BUDGET_STEP ((size_t)64 << 10)

/* A row found in the sequence being read; it counts when the sequence ends well. */
struct candidate {
	struct dwarf_line_row row;
	uint64_t sequence; /* number of the sequence it was found in */
	uint64_t end;	   /* of the sequence the accepted row is from; 0: none accepted */
};

struct line_machine {
	struct dwarf_line_header header;
	const struct dwarf_unit *unit;
	const uint64_t *pcs;
	size_t nr_pcs;
	struct dwarf_line_row *rows;
	struct candidate *candidates;

	/* Registers of the state machine, DWARF 5, 6.2.2. */
	uint64_t address;
	uint32_t file;
	uint32_t line;

	/* The row before, whose range the next one ends. */
	bool has_row;
	uint64_t row_address;
	struct dwarf_line_row row;

	uint64_t sequence;
	uint64_t sequence_start;
	size_t next;  /* first wanted address not below row_address */
	size_t first; /* first wanted address the sequence may hold */
	size_t last;  /* behind the last one it was given */

	uint64_t work; /* not yet charged to the budget */
};

static void reset(struct line_machine *machine)
{
	machine->address = 0;
	machine->file = 1;
	machine->line = 1;
	machine->has_row = false;
	machine->sequence++;
}

/* The row before governs the wanted addresses up to the present one. */
static void claim_addresses(struct line_machine *machine)
{
	while (machine->next < machine->nr_pcs && machine->pcs[machine->next] < machine->address) {
		struct candidate *candidate = &machine->candidates[machine->next];

		candidate->row = machine->row;
		candidate->sequence = machine->sequence;
		machine->next++;
	}
	if (machine->next > machine->last)
		machine->last = machine->next;
}

static void emit_row(struct line_machine *machine)
{
	if (!machine->has_row) {
		machine->sequence_start = machine->address;
		machine->next = address_lower_bound(machine->pcs, machine->nr_pcs,
						    machine->address);
		machine->first = machine->next;
		machine->last = machine->next;
	} else if (machine->address >= machine->row_address) {
		if (machine->next < machine->nr_pcs &&
		    machine->pcs[machine->next] < machine->address)
			claim_addresses(machine);
	} else {
		/* Compilers do not go back, but what they mean by it is clear. */
		machine->next = address_lower_bound(machine->pcs, machine->nr_pcs,
						    machine->address);
		if (machine->next < machine->first)
			machine->first = machine->next;
	}
	machine->has_row = true;
	machine->row_address = machine->address;
	machine->row = (struct dwarf_line_row){
		.file = machine->file, .line = machine->line, .is_known = true};
}

/* Of overlapping sequences the one that ends first is the most particular. */
static void end_sequence(struct line_machine *machine)
{
	uint64_t end = machine->address;

	if (machine->has_row) {
		emit_row(machine);
		machine->work += machine->last - machine->first;
		if (machine->sequence_start >= machine->unit->file->code_start)
			for (size_t i = machine->first; i < machine->last; i++) {
				struct candidate *candidate = &machine->candidates[i];

				if (candidate->sequence != machine->sequence ||
				    (candidate->end && candidate->end <= end))
					continue;
				candidate->end = end;
				machine->rows[i] = candidate->row;
			}
	}
	reset(machine);
}

static void run_extended(struct line_machine *machine, struct dwarf_cursor *program)
{
	uint64_t len = dwarf_uleb(program);
	struct dwarf_cursor operands = *program;

	dwarf_limit(&operands, len);
	dwarf_skip(program, len);
	if (program->failed || len == 0)
		return;
	switch (dwarf_u8(&operands)) {
	case DW_LNE_end_sequence:
		end_sequence(machine);
		break;
	case DW_LNE_set_address:
		machine->address = dwarf_unsigned(&operands, machine->header.address_size);
		break;
	default:
		break;
	}
}

static void run_standard(struct line_machine *machine, struct dwarf_cursor *program, uint8_t opcode)
{
	const struct dwarf_line_header *header = &machine->header;

	switch (opcode) {
	case DW_LNS_copy:
		emit_row(machine);
		break;
	case DW_LNS_advance_pc:
		machine->address += dwarf_uleb(program) * header->min_instruction_length;
		break;
	case DW_LNS_advance_line:
		machine->line += (uint32_t)dwarf_sleb(program);
		break;
	case DW_LNS_set_file:
		machine->file = (uint32_t)dwarf_uleb(program);
		break;
	case DW_LNS_const_add_pc:
		machine->address += (uint64_t)((255 - header->opcode_base) / header->line_range) *
				    header->min_instruction_length;
		break;
	case DW_LNS_fixed_advance_pc:
		machine->address += dwarf_u16(program);
		break;
	default: /* columns, flags and what later versions add */
		for (unsigned int i = 0; i < header->nr_operands[opcode]; i++)
			dwarf_uleb(program);
		break;
	}
}

static int run(struct line_machine *machine)
{
	const struct dwarf_line_header *header = &machine->header;
	struct dwarf_cursor program = header->program;
	const uint8_t *charged = program.at;

	while (program.at != program.end) {
		uint8_t opcode = *program.at++;

		if (opcode >= header->opcode_base) {
			unsigned int adjusted = opcode - header->opcode_base;

			machine->address += (uint64_t)(adjusted / header->line_range) *
					    header->min_instruction_length;
			machine->line += (uint32_t)(header->line_base +
						    (int)(adjusted % header->line_range));
			emit_row(machine);
		} else if (opcode == 0) {
			run_extended(machine, &program);
		} else {
			run_standard(machine, &program, opcode);
		}
		if (program.failed)
			return -EBADMSG;
		machine->work += (uint64_t)(program.at - charged);
		charged = program.at;
		if (machine->work >= BUDGET_STEP) {
			if (!dwarf_budget_take(machine->unit->file->budget, machine->work))
				return -E2BIG;
			machine->work = 0;
		}
	}
	dwarf_budget_take(machine->unit->file->budget, machine->work);
	return 0;
}

int dwarf_lines_find(const struct dwarf_unit *unit, const uint64_t *pcs, size_t nr,
		     struct dwarf_line_row *rows, struct dwarf_line_files *ret_files)
{
	struct line_machine machine = {.unit = unit, .pcs = pcs, .nr_pcs = nr, .rows = rows};
	int err;

	err = dwarf_line_header_read(unit, &machine.header);
	if (err)
		return err;
	for (size_t i = 0; i < nr; i++)
		rows[i] = (struct dwarf_line_row){0};
	machine.candidates = xcalloc(nr + 1, sizeof(*machine.candidates));
	reset(&machine);
	err = run(&machine);
	free(machine.candidates);
	*ret_files = machine.header.files;
	return err;
}
