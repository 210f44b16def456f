/* SPDX-License-Identifier: MIT */
/*
 * Frames of Go code out of the table its runtime walks stacks with (.gopclntab, also in stripped
 * programs): how far the stack pointer is from the frame, instruction by instruction.  Go's own
 * .debug_frame says the same of the stack, but nothing of RBP, nor where a goroutine's stack ends.
 * Not for names and lines: that is symbolize/gopclntab.h.
 */
#ifndef CTRACE_UNWIND_GO_ROWS_H
#define CTRACE_UNWIND_GO_ROWS_H

struct cfi_input;
struct elf_image;

/* Adds ranges for the Go functions of @image to the holes of @input; none if it is no Go program.
 */
void go_rows_add(struct cfi_input *input, struct elf_image *image);

#endif
