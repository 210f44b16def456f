/* SPDX-License-Identifier: MIT */
/* Where a Go program's tables are: the part of gopclntab.h that looks for them. */
#ifndef CTRACE_SYMBOLIZE_GOMODULE_H
#define CTRACE_SYMBOLIZE_GOMODULE_H

#include "common/elf_image.h"

/* Versions of the table, by the release that brought them. */
enum go_version {
	GO_1_2,
	GO_1_16,
	GO_1_18,
	GO_1_20,
};

/* Offsets are into @table. */
struct go_module {
	struct elf_image *image;
	struct elf_span table;
	enum go_version version;
	unsigned int quantum; /* addresses count in this many bytes */
	uint64_t nr_funcs;
	uint64_t functab;
	uint64_t func_base; /* what functab's second column counts from */
	uint64_t names;
	uint64_t cus;
	uint64_t files;
	uint64_t pctab;
	uint64_t text_start; /* what functab's first column counts from, since 1.18 */
	uint64_t funcdata;   /* address that function data counts from; 0: unknown */
};

/* -ENOENT: no table; -EBADMSG: damaged or of unknown version. */
int go_module_find(struct elf_image *image, struct go_module *ret_module);

#endif
