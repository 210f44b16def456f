/* SPDX-License-Identifier: MIT */
/*
 * Code in whose middle the stack does what compilers' CFI is silent or wrong about, told by its
 * bytes.  Retpolines: calls and returns made by a return that the processor cannot guess.  clone():
 * one address, two stacks.
 */
#ifndef CTRACE_UNWIND_ODD_CODE_H
#define CTRACE_UNWIND_ODD_CODE_H

struct cfi_input;
struct elf_image;

/*
 * Puts the ranges of odd code over those of @input, which is settled.  Objects with more than 2
 * MiB of code are not searched.
 */
void odd_code_add(struct cfi_input *input, const struct elf_image *image);

#endif
