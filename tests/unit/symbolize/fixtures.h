/* SPDX-License-Identifier: MIT */
/* Where make_fixtures.sh put the files of these tests, and addresses in them by the file's own nm.
 */
#ifndef CTRACE_TESTS_SYMBOLIZE_FIXTURES_H
#define CTRACE_TESTS_SYMBOLIZE_FIXTURES_H

#include "common/elf_image.h"

#include <stdint.h>

/* SYMBOLIZE_FIXTURES is set by CMake. */
#define FIXTURE(name) SYMBOLIZE_FIXTURES "/" name

struct elf_image *open_fixture(const char *path);
/* Value of @name in the .symtab of the file at @path, which has to be there. */
uint64_t symbol_vaddr(const char *path, const char *name);

#endif
