/* SPDX-License-Identifier: MIT */
/* MiniDebugInfo: a symbol table in an xz-packed ELF file inside the section .gnu_debugdata. */
#ifndef CTRACE_SYMBOLIZE_ELF_MINIDEBUG_H
#define CTRACE_SYMBOLIZE_ELF_MINIDEBUG_H

#include <stddef.h>
#include <stdint.h>

#define MINIDEBUG_MAX_BYTES ((size_t)256 << 20) /* Fedora's largest unpack to about 20 MB */

struct elf_image;

/*
 * Unpacks it.  The caller closes @ret_image and then frees @ret_bytes, which it borrows.
 * -ENOENT: there is none; -EBADMSG: damaged; -E2BIG: over MINIDEBUG_MAX_BYTES.
 */
int elf_minidebug_open(struct elf_image *image, struct elf_image **ret_image, uint8_t **ret_bytes);

#endif
