/* SPDX-License-Identifier: MIT */
/*
 * A stretch of .eh_frame or .debug_frame: finding its entries and reading the heads of CIEs and
 * FDEs.  Their instructions are cfi_program.c's.  CIEs are parsed once and kept by number.
 */
#ifndef CTRACE_UNWIND_CFI_SECTION_H
#define CTRACE_UNWIND_CFI_SECTION_H

#include "unwind/cfi_program.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cfi_section {
	const uint8_t *data;
	uint32_t size;
	uint64_t vaddr; /* of data[0]; 0 if not loaded */
	bool is_debug_frame;
};

/* One entry, CIE or FDE.  Positions are in the section. */
struct cfi_entry {
	uint32_t body; /* behind the CIE id or pointer */
	uint32_t end;
	bool is_cie;
	uint32_t cie; /* of an FDE: where its CIE begins */
};

struct cfi_cie {
	struct cfi_context context;
	uint32_t off;
	uint8_t section;
	bool has_augmentation_data; /* an FDE carries a length and that many bytes to skip */
	bool is_bad;
};

struct cie_table {
	struct cfi_cie *cies;
	uint32_t nr;
	uint32_t cap;
	uint32_t *slots; /* number + 1, 0 = free; at most half full */
	uint32_t slot_bits;
	uint32_t last; /* FDEs of one CIE stand together */
	uint64_t seed;
	uint64_t work;	 /* bytes of CIEs read: what hostile overlapping ones are stopped by */
	bool follow_rbx; /* states say where RBX is */
};

#define CIE_NONE UINT32_MAX

/* The FDE an entry is: where its code is and where its program. */
struct cfi_fde {
	uint64_t begin; /* vaddr */
	uint64_t length;
	uint32_t program;
	uint32_t program_end;
	uint32_t cie;
};

/*
 * The entry at @off.  1: the list ends here (terminator or end of the section); -EBADMSG: its
 * length or its CIE pointer leaves the section.
 */
int cfi_entry_read(const struct cfi_section *section, uint32_t off, struct cfi_entry *ret_entry);

void cie_table_init(struct cie_table *table);
void cie_table_release(struct cie_table *table);
/* Adds a CIE without instructions, for ranges that have no CFI but a known state. */
uint32_t cie_table_add_state(struct cie_table *table, struct cfi_state state);

/* -EBADMSG: damaged, or its CIE is.  @sections holds the section of number @index. */
int cfi_fde_read(const struct cfi_section *sections, uint8_t index, const struct cfi_entry *entry,
		 struct cie_table *table, struct cfi_fde *ret_fde);

#endif
