/* SPDX-License-Identifier: MIT */
/*
 * Abbreviation tables, each turned into a plan for running over DIEs: what a DIE is to a look-up
 * of addresses, its attributes, and the shortest way to skip them.
 */
#ifndef CTRACE_SYMBOLIZE_DWARF_ABBREV_H
#define CTRACE_SYMBOLIZE_DWARF_ABBREV_H

#include "common/elf_image.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DWARF_ABBREV_MAX_ENTRIES ((size_t)1 << 20)

/* What a DIE means for finding functions. */
enum dwarf_die_kind {
	DWARF_DIE_LEAF_SCOPE, /* holds no function with code, except on a thorough search */
	DWARF_DIE_SCOPE,      /* may hold functions: namespaces, blocks */
	DWARF_DIE_FUNCTION,   /* DW_TAG_subprogram */
	DWARF_DIE_INLINED,    /* DW_TAG_inlined_subroutine */
};

enum dwarf_skip_kind {
	DWARF_SKIP_FIXED, /* only the bytes in @fixed */
	DWARF_SKIP_LEB,
	DWARF_SKIP_BLOCK,  /* length as ULEB */
	DWARF_SKIP_BLOCK1, /* length in 1, 2 or 4 bytes */
	DWARF_SKIP_BLOCK2,
	DWARF_SKIP_BLOCK4,
	DWARF_SKIP_STRING,
	DWARF_SKIP_INDIRECT,
	DWARF_SKIP_SIBLING, /* DW_FORM_ref4 of DW_AT_sibling */
};

/* Skip what @kind says, then @fixed bytes. */
struct dwarf_skip {
	uint16_t kind;
	uint16_t fixed;
};

struct dwarf_attribute {
	uint16_t name;
	uint16_t form;
	int32_t implicit; /* DW_FORM_implicit_const, cut to what line and file numbers need */
};

struct dwarf_abbrev {
	uint64_t code;
	uint16_t tag;
	uint8_t kind; /* enum dwarf_die_kind */
	bool has_children;
	bool has_code; /* low_pc or ranges */
	/*
	 * Offsets of low_pc (an address) and high_pc (its distance from it, in so many bytes)
	 * among the attributes, if nothing of variable size comes before; else the size is 0.
	 */
	uint16_t low_off;
	uint16_t high_off;
	uint8_t high_size;
	uint16_t nr_attributes;
	uint16_t nr_skips;
	uint32_t attributes; /* index into the table's */
	uint32_t skips;
};

struct dwarf_abbrevs {
	struct dwarf_abbrev *items; /* by code */
	size_t nr;
	size_t cap;
	struct dwarf_attribute *attributes;
	size_t nr_attributes;
	size_t cap_attributes;
	struct dwarf_skip *skips;
	size_t nr_skips;
	size_t cap_skips;
};

/* What the sizes of forms depend on. */
struct dwarf_format {
	uint8_t version;
	uint8_t address_size;
	uint8_t offset_size;
};

/*
 * Reads the table at @off of @section.  -EBADMSG: damaged, or a form nobody knows; @ret_size: bytes
 * it takes.
 */
int dwarf_abbrevs_read(struct elf_span section, uint64_t off, struct dwarf_format format,
		       struct dwarf_abbrevs *ret_abbrevs, size_t *ret_size);
void dwarf_abbrevs_release(struct dwarf_abbrevs *abbrevs);

const struct dwarf_abbrev *dwarf_abbrevs_search(const struct dwarf_abbrevs *abbrevs, uint64_t code);

/* The abbreviation of @code, or NULL. */
static inline const struct dwarf_abbrev *dwarf_abbrevs_find(const struct dwarf_abbrevs *abbrevs,
							    uint64_t code)
{
	if (__builtin_expect(code - 1 < abbrevs->nr && abbrevs->items[code - 1].code == code, 1))
		return &abbrevs->items[code - 1];
	return dwarf_abbrevs_search(abbrevs, code);
}

#endif
