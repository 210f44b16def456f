/* SPDX-License-Identifier: MIT */
/*
 * Which piece of text is described by which FDE: gathers the FDEs of a section, puts them in order
 * of address and resolves overlaps, so that the rest of the room sees disjoint ascending ranges.
 */
#ifndef CTRACE_UNWIND_FDE_LIST_H
#define CTRACE_UNWIND_FDE_LIST_H

#include "common/elf_image.h"
#include "unwind/cfi_section.h"

#include <stddef.h>
#include <stdint.h>

/* Text and what describes it.  Addresses count from the begin of the table. */
struct cfi_range {
	uint32_t begin;
	uint32_t end;
	uint32_t start; /* where the FDE begins: below begin when another FDE covers its front */
	uint32_t program;
	uint32_t program_end;
	uint32_t cie;
};

struct fde_list {
	struct cfi_range *ranges;
	size_t nr;
	size_t cap;
};

/* Executable addresses, vaddr. */
struct text_range {
	uint64_t begin;
	uint64_t end;
};

/* What FDEs are read from and into. */
struct fde_source {
	const struct cfi_section *sections;
	uint8_t index; /* the section to read */
	struct cie_table *cies;
	const struct text_range *text; /* ascending, disjoint */
	size_t nr_text;
	uint64_t base;	   /* vaddr of the begin of the table */
	uint64_t bad_fdes; /* counted up */
};

void fde_list_release(struct fde_list *list);
void fde_list_append(struct fde_list *list, const struct cfi_range *range);

/* The FDEs from @off on, in the order of the section.  Those outside of the text are left out. */
void fde_list_walk(struct fde_list *list, struct fde_source *source, uint32_t off);
/*
 * The FDEs an .eh_frame_hdr names, in order of address.  -EBADMSG: it has no search table of the
 * one known form, is out of order or contradicts the FDEs; @list is then empty.
 */
int fde_list_read_header(struct fde_list *list, struct fde_source *source, struct elf_span header);

/*
 * Sorts and makes ranges disjoint: where two overlap the one that begins higher wins, and the
 * shorter of two that begin together.
 */
void fde_list_settle(struct fde_list *list);
/* Adds of @more, which is settled as @list is, what begins in a hole of @list, cut to the hole. */
void fde_list_fill(struct fde_list *list, const struct fde_list *more);
/* Index of the first range that ends above @addr, or nr. */
size_t fde_list_find(const struct fde_list *list, uint32_t addr);

#endif
