/* SPDX-License-Identifier: MIT */
/*
 * Where functions begin that neither a symbol nor an FDE tells of: targets of calls, relocated
 * pointers, the entry point.  Good enough to tell functions apart by a number, not to walk them.
 */
#ifndef CTRACE_SYMBOLIZE_CODE_STARTS_H
#define CTRACE_SYMBOLIZE_CODE_STARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CODE_STARTS_MAX ((size_t)8 << 20) /* what is beyond stays unknown */

struct elf_image;

struct code_starts {
	uint64_t *vaddrs; /* ascending */
	size_t nr, cap;
};

/* Reads all code of @image once: about a second a gigabyte. */
void code_starts_read(struct elf_image *image, struct code_starts *ret_starts);
void code_starts_release(struct code_starts *starts);
/* The last one at or before @vaddr, not below @from. */
bool code_starts_find(const struct code_starts *starts, uint64_t from, uint64_t vaddr,
		      uint64_t *ret_start);

#endif
