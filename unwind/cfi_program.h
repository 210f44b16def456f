/* SPDX-License-Identifier: MIT */
/*
 * Interprets the CFA instructions of a CIE or an FDE.  Bounded by the length of the program, safe
 * on any bytes: what it cannot understand becomes a BAD_CFI state.
 */
#ifndef CTRACE_UNWIND_CFI_PROGRAM_H
#define CTRACE_UNWIND_CFI_PROGRAM_H

#include "unwind/cfi_state.h"

#include <stdbool.h>
#include <stdint.h>

struct row_builder;

/* What a program needs to know of its CIE. */
struct cfi_context {
	struct cfi_state initial; /* after the CIE's own instructions */
	uint64_t code_align;
	int64_t data_align;
	uint8_t pointer_encoding;
	bool is_signal_frame;
	bool follow_rbx;
};

/* Addresses count from the begin of the table. */
struct cfi_program {
	const uint8_t *code;
	const uint8_t *end;
	uint64_t vaddr; /* of code[0]; DW_CFA_set_loc may be relative to it */
	uint64_t base;	/* vaddr of the begin of the table */
	uint32_t start; /* where the FDE begins */
	uint32_t from;	/* rows are wanted in [from, to) */
	uint32_t to;
};

/* Adds the rows of an FDE to @builder.  -EBADMSG: damaged; the rest of it is one BAD_CFI row. */
int cfi_program_run(const struct cfi_program *program, const struct cfi_context *context,
		    struct row_builder *builder);

/* The state after the instructions of a CIE, BAD_CFI if they are damaged. */
struct cfi_state cfi_program_initial(const struct cfi_program *program,
				     const struct cfi_context *context);

#endif
