/* SPDX-License-Identifier: MIT */
/*
 * Where functions begin and end according to the binary search table of .eh_frame_hdr: the one map
 * of functions that stripping leaves.  Reads ranges only, no unwind rules (that is unwind/).
 */
#ifndef CTRACE_SYMBOLIZE_FDE_STARTS_H
#define CTRACE_SYMBOLIZE_FDE_STARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_image;

/* Borrows from the image; nothing to release.  All zero: an object without a table. */
struct fde_starts {
	const struct elf_image *image;
	const uint8_t *table; /* @nr pairs of 32-bit offsets from @hdr_vaddr: start, FDE */
	size_t nr;
	uint64_t hdr_vaddr;
};

struct fde_starts fde_starts_open(const struct elf_image *image);
/* The FDE that covers @vaddr. */
bool fde_starts_find(const struct fde_starts *starts, uint64_t vaddr, uint64_t *ret_start,
		     uint64_t *ret_end);
/* End of the last FDE that begins at or before @vaddr, where that does not cover it; else 0. */
uint64_t fde_starts_previous_end(const struct fde_starts *starts, uint64_t vaddr);
/* Start of the first FDE after @vaddr; UINT64_MAX if there is none. */
uint64_t fde_starts_next(const struct fde_starts *starts, uint64_t vaddr);

#endif
