/* SPDX-License-Identifier: MIT */
/*
 * Code whose frames are known although no CFI, or wrong CFI, says so: the entry point, which
 * nobody called, and signal trampolines, told by their bytes.
 */
#ifndef CTRACE_UNWIND_KNOWN_CODE_H
#define CTRACE_UNWIND_KNOWN_CODE_H

struct cfi_input;
struct elf_image;

/* Adds end-of-stack ranges and signal ranges to the settled ranges of @input. */
void known_code_add(struct cfi_input *input, const struct elf_image *image);

#endif
