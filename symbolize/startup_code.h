/* SPDX-License-Identifier: MIT */
/*
 * What a program's entry code gives away of it: which function is `main`, of whose name stripping
 * leaves nothing.  Knows the start-up code of glibc and musl on x86-64.
 */
#ifndef CTRACE_SYMBOLIZE_STARTUP_CODE_H
#define CTRACE_SYMBOLIZE_STARTUP_CODE_H

#include <stdbool.h>
#include <stdint.h>

struct elf_image;

/* The function the code at @entry hands to __libc_start_main; false where it is no such code. */
bool startup_code_main(const struct elf_image *image, uint64_t entry, uint64_t *ret_vaddr);

#endif
