/* SPDX-License-Identifier: MIT */
/*
 * Everything a table is built from: the text of an object, its CFI in order of trust, and code
 * that is known without CFI, as one list of disjoint ranges.
 */
#ifndef CTRACE_UNWIND_CFI_INPUT_H
#define CTRACE_UNWIND_CFI_INPUT_H

#include "common/cleanup.h"
#include "unwind/fde_list.h"

#define CFI_MAX_SECTIONS 4  /* .eh_frame by segment and by name, .debug_frame here and there */
#define CFI_MAX_TEXT	 64 /* executable segments; real objects have one or two */

struct unwind_options;

struct cfi_input {
	struct text_range text[CFI_MAX_TEXT];
	size_t nr_text;
	uint64_t base; /* multiple of 1 KiB */
	uint32_t size; /* of the stretch from base that holds all text; multiple of 1 KiB */
	/* What of it a table is made for: nothing is known outside.  Multiples of 1 KiB. */
	uint32_t known_begin;
	uint32_t known_end;

	struct cfi_section sections[CFI_MAX_SECTIONS];
	uint8_t nr_sections;
	struct cie_table cies;
	struct fde_list ranges;
	uint64_t fdes;
	uint64_t bad_fdes;
};

/*
 * Reads the heads of all FDEs (@follow_rbx: whose states say where RBX is) of @image, and of
 * the debug file of @options if it has one, and what is known without CFI.  The sections stay
 * borrowed from the images.  -ENODATA: no text, or nothing is known of any of it; -EBADMSG: there
 * were FDEs, all of them damaged; -E2BIG: the text is spread over more than 4 GiB.
 */
int cfi_input_collect(struct cfi_input *input, struct elf_image *image,
		      const struct unwind_options *options, bool follow_rbx);
void cfi_input_release(struct cfi_input *input);

#endif
