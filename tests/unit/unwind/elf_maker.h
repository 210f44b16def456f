/* SPDX-License-Identifier: MIT */
/* Makes small ELF files with hand-written CFI in memory, for the tests of unwind/. */
#ifndef CTRACE_TESTS_ELF_MAKER_H
#define CTRACE_TESTS_ELF_MAKER_H

#include "unwind/dwarf_constants.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAKER_TEXT_VADDR  0x10000
#define MAKER_TEXT_SIZE	  0x40000
#define MAKER_FRAME_VADDR 0x80000 /* .eh_frame; its search table lies behind it */

#define MAKER_FRAME_MAX (1 << 16)
#define MAKER_MAX_FDES	1024

/* A section of CFI in the making. */
struct maker_frame {
	bool is_debug_frame;
	uint8_t data[MAKER_FRAME_MAX];
	size_t size;
	/* of the FDEs, for the search table */
	size_t nr_fdes;
	uint64_t fde_begin[MAKER_MAX_FDES];
	size_t fde_off[MAKER_MAX_FDES];
};

struct maker_elf {
	const struct maker_frame *eh_frame;    /* NULL = none */
	const struct maker_frame *debug_frame; /* NULL = none */
	bool debug_is_go;		       /* @debug_frame's bytes are a .gopclntab */
	bool no_header;			       /* no PT_GNU_EH_FRAME */
	bool no_sections;
	uint64_t entry;
	size_t code_off; /* where @code goes in the text, the rest of which is 0xcc */
	const void *code;
	size_t code_size;
};

#define MAKER_BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

/* A CIE with alignment factors 1 and -8; gives where it begins. */
size_t maker_add_cie(struct maker_frame *frame, const char *augmentation, const uint8_t *program,
		     size_t size);
/* The usual one: "zR", CFA rsp+8, return address at CFA-8. */
size_t maker_add_plain_cie(struct maker_frame *frame);
void maker_add_fde(struct maker_frame *frame, size_t cie, uint64_t begin, uint64_t length,
		   const uint8_t *program, size_t size);
void maker_add_terminator(struct maker_frame *frame);
/* Any bytes, as they are. */
void maker_add_bytes(struct maker_frame *frame, const void *data, size_t size);

/* The file; the caller frees it. */
uint8_t *maker_make_elf(const struct maker_elf *elf, size_t *ret_size);

#endif
