/* SPDX-License-Identifier: MIT */
/*
 * The bottom of a coroutine: glibc's makecontext() makes its function return to __start_context,
 * which nobody has called and whose CFI says nothing of that.
 */
#ifndef CTRACE_UNWIND_CONTEXT_START_H
#define CTRACE_UNWIND_CONTEXT_START_H

struct cfi_input;
struct elf_image;

/* Ends stacks there, in objects that have it: glibc's libc and static programs. */
void context_start_add(struct cfi_input *input, const struct elf_image *image);

#endif
