/* SPDX-License-Identifier: MIT */
/*
 * Retpolines: calls and returns made by a return that the processor cannot guess.  The stack moves
 * inside of them, about which compilers' CFI is silent or wrong; told by their bytes.
 */
#ifndef CTRACE_UNWIND_RETPOLINE_H
#define CTRACE_UNWIND_RETPOLINE_H

struct cfi_input;
struct elf_image;

/*
 * Puts the ranges of retpolines over those of @input, which is settled.  Objects with more than 2
 * MiB of code are not searched.
 */
void retpoline_add(struct cfi_input *input, const struct elf_image *image);

#endif
