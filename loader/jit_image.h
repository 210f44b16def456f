/* SPDX-License-Identifier: MIT */
/*
 * The ELF image of code made at run time that a runtime registers for debuggers, made into one that
 * reads like a file's: text (empty), CFI and function symbols at the addresses they have in the
 * process.  Takes bytes nobody vouches for; knows no process.
 */
#ifndef CTRACE_LOADER_JIT_IMAGE_H
#define CTRACE_LOADER_JIT_IMAGE_H

#include "common/cleanup.h"

#include <stddef.h>
#include <stdint.h>

struct elf_image;

struct jit_image {
	uint64_t text_begin, text_end; /* runtime addresses */
	struct elf_image *elf;
	void *data; /* of @elf */
	size_t size;
};

/*
 * Reads the @size bytes at @bytes: a relocatable object whose sections know where they were loaded,
 * or an executable.  -ENOEXEC, -EBADMSG: no such ELF file; -ENODATA: it has no loaded code.
 */
int jit_image_make(const void *bytes, size_t size, struct jit_image *ret_image);
void jit_image_release(struct jit_image *image);

#endif
