/* SPDX-License-Identifier: MIT */
/*
 * Frames of code without CFI, by following the code (code_flow.h): hand-written assembly, musl,
 * Rust without unwind tables, V8's builtins.  The frames are marked as found by guess.
 */
#ifndef CTRACE_UNWIND_CODE_ROWS_H
#define CTRACE_UNWIND_CODE_ROWS_H

struct cfi_input;
struct elf_image;

/* Adds ranges to the holes of @input, which is settled. */
void code_rows_add(struct cfi_input *input, struct elf_image *image);

#endif
