/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as an ELF file: the table compiler must come to an end with a table that can be
 * searched and printed, or with a refusal.
 */
#include "common/elf_image.h"
#include "unwind/rows.h"
#include "unwind/table.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every address around what the rows begin at, and the corners of the address space. */
static void search(const struct unwind_table *table)
{
	const uint64_t corners[] = {0, UINT64_MAX, table->vaddr_begin - 1, table->vaddr_end};
	struct unwind_rule rule;

	for (size_t i = 0; i < sizeof(corners) / sizeof(corners[0]); i++)
		unwind_table_lookup(table, corners[i], &rule);
	for (uint32_t block = 0; block < table->nr_blocks; block++)
		for (uint32_t i = table->index[block]; i < table->index[block + 1]; i++) {
			uint64_t vaddr = table->vaddr_begin + ((uint64_t)block << 10) +
					 (CTRACE_ROW_PC16(table->rows[i]) & 1023);

			unwind_table_lookup(table, vaddr, &rule);
			if (rule.cfa_kind >= NR_CFA_KINDS || rule.rbp_kind >= NR_RBP_KINDS ||
			    rule.ramp_mask)
				abort();
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unwind_options options = {.nr_threads = 1};
	struct unwind_table *table;
	struct elf_image *image;
	FILE *null;

	if (elf_image_open_memory(data, size, &image) < 0)
		return 0;
	options.debug_image = image;
	if (unwind_table_build(image, &options, &table) == 0) {
		null = fopen("/dev/null", "w");
		search(table);
		if (null) {
			unwind_rows_print(table, null);
			fclose(null);
		}
		unwind_table_free(table);
	}
	elf_image_close(image);
	return 0;
}
