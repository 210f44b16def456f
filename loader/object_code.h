/* SPDX-License-Identifier: MIT */
/*
 * The code of one ELF file as what probes are put on: file offsets, first bytes the kernel refuses,
 * where the instructions of a function begin.  Knows no names.
 */
#ifndef CTRACE_LOADER_OBJECT_CODE_H
#define CTRACE_LOADER_OBJECT_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_image;
struct instruction_starts;

struct object_code {
	struct elf_image *image; /* borrowed */
	/*
	 * Read, not looked at in the image: the breakpoints of others who probe the whole machine
	 * are in every mapping of the file, ours too.  Owned by whoever made this.
	 */
	int fd;
};

/* File offset of an address of the object.  -ENOENT: no code there. */
int object_code_off(const struct object_code *code, uint64_t vaddr, uint64_t *ret_off);
/* At most @size bytes of the code at file offset @off; returns how many. */
size_t object_code_read(const struct object_code *code, uint64_t off, uint8_t *bytes, size_t size);
/* Does the kernel take a uprobe at this file offset? */
bool object_code_probeable(const struct object_code *code, uint64_t off);

/*
 * The instructions of the function at @vaddr; @size 0, or @is_whole false: where it ends is not
 * known.  -ENOENT: no code there.
 */
int object_code_starts(const struct object_code *code, uint64_t vaddr, uint64_t size, bool is_whole,
		       struct instruction_starts **ret_starts);

/*
 * How far behind its entry at @vaddr a function of Go counts as called: 0, or behind the check of
 * its stack, whose growth runs the function from its entry again.
 */
uint64_t object_code_go_entry(const struct object_code *code, uint64_t vaddr, uint64_t size);

#endif
