/* SPDX-License-Identifier: MIT */
/*
 * An ELF file with anything in its debug and symbol sections: names addresses in and around its
 * code the way the symbolizer's child does, and reads it as a split file and package too.
 */
#include "common/alloc.h"
#include "common/elf_image.h"
#include "symbolize/dwarf_inline.h"
#include "symbolize/dwarf_names.h"
#include "symbolize/dwarf_package.h"
#include "symbolize/dwarf_reader.h"
#include "symbolize/fde_starts.h"
#include "symbolize/gopclntab.h"
#include "symbolize/symtab.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BYTES    ((size_t)256 << 10)
#define NR_ADDRESSES 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int open_nothing(const void *arg, const char *path)
{
	(void)arg;
	(void)path;
	return -ENOENT;
}

/* Addresses spread over the executable segments, and some odd ones. */
static size_t choose_addresses(const struct elf_image *image, uint64_t *pcs)
{
	size_t nr_segments, nr = 0;
	const Elf64_Phdr *segments = elf_image_segments(image, &nr_segments);

	pcs[nr++] = 0;
	pcs[nr++] = 1;
	for (size_t i = 0; i < nr_segments && nr < NR_ADDRESSES - 1; i++) {
		uint64_t step = segments[i].p_memsz / 48 + 1;

		if (segments[i].p_type != PT_LOAD || !(segments[i].p_flags & PF_X))
			continue;
		for (uint64_t k = 0; k < 48 && nr < NR_ADDRESSES - 1; k++)
			if (segments[i].p_vaddr + k * step > pcs[nr - 1])
				pcs[nr++] = segments[i].p_vaddr + k * step;
	}
	if (pcs[nr - 1] != UINT64_MAX)
		pcs[nr++] = UINT64_MAX;
	return nr;
}

/* Reads all of @text, in a way the compiler has to keep. */
static void use_text(const char *text)
{
	size_t len = text ? strlen(text) : 0;

	__asm__ volatile("" : : "r"(len));
}

static void name_by_dwarf(struct elf_image *image, const uint64_t *pcs, size_t nr)
{
	static const struct dwarf_opener opener = {.open = open_nothing};
	struct dwarf_reader_options options = {.image = image,
					       .alt_image = image,
					       .path = "/x",
					       .object_path = "/x",
					       .opener = &opener,
					       .nr_threads = 1,
					       .want_inlines = true};
	_cleanup_(dwarf_reader_freep) struct dwarf_reader *reader = NULL;
	struct dwarf_query queries[NR_ADDRESSES] = {0};

	if (dwarf_reader_new(&options, &reader) < 0)
		return;
	for (size_t i = 0; i < nr; i++)
		queries[i].pc = pcs[i];
	dwarf_reader_find(reader, queries, nr);
	for (size_t i = 0; i < nr; i++) {
		for (uint32_t k = 0; k < queries[i].nr_frames; k++) {
			use_text(queries[i].frames[k].name);
			use_text(queries[i].frames[k].path.name);
			use_text(queries[i].frames[k].path.dir);
			use_text(queries[i].frames[k].path.comp_dir);
		}
	}
	dwarf_queries_release(queries, nr);
}

/* Every unit as if a skeleton had asked for it. */
static void read_split(struct elf_image *image, const uint64_t *pcs, size_t nr)
{
	_cleanup_(dwarf_file_freep) struct dwarf_file *file = NULL;
	struct dwarf_budget budget = {.nr_threads = 1};

	if (dwarf_file_open(image, true, &budget, &file) < 0)
		return;
	dwarf_package_index(file);
	for (size_t i = 0; i < file->nr_units && i < 64; i++) {
		struct dwarf_functions functions = {0};

		if (dwarf_unit_load(&file->units[i]) < 0)
			continue;
		dwarf_functions_find(&file->units[i], pcs, nr, true, &functions);
		for (size_t k = 0; k < nr; k++)
			if (functions.innermost[k] != DWARF_NO_FUNCTION)
				use_text(
					dwarf_name_find(&file->units[i],
							functions.items[functions.innermost[k]].die)
						.text);
		dwarf_functions_release(&functions);
	}
}

static void name_by_go(struct elf_image *image, const uint64_t *pcs, size_t nr)
{
	_cleanup_(gopclntab_freep) struct gopclntab *table = NULL;

	if (gopclntab_open(image, &table) < 0)
		return;
	for (size_t i = 0; i < nr; i++) {
		struct dwarf_query query = {.pc = pcs[i]};

		gopclntab_find(table, true, &query);
		for (uint32_t k = 0; k < query.nr_frames; k++) {
			use_text(query.frames[k].name);
			use_text(query.frames[k].path.name);
		}
		dwarf_queries_release(&query, 1);
	}
}

static void name_by_symbols(struct elf_image *image, const uint64_t *pcs, size_t nr)
{
	_cleanup_(symtab_freep) struct symtab *symtab = NULL;
	struct fde_starts fdes = fde_starts_open(image);

	if (symtab_new(image, NULL, &symtab) < 0)
		return;
	for (size_t i = 0; i < nr; i++) {
		const struct symbol *symbol = symtab_find(symtab, pcs[i]);
		uint64_t start, end;

		if (symbol) {
			use_text(symbol->name);
			if (pcs[i] < symbol->vaddr)
				abort();
		}
		if (fde_starts_find(&fdes, pcs[i], &start, &end) &&
		    (pcs[i] < start || pcs[i] >= end))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(elf_image_closep) struct elf_image *image = NULL;
	uint64_t pcs[NR_ADDRESSES];
	size_t nr;

	if (size > MAX_BYTES || elf_image_open_memory(data, size, &image) < 0)
		return 0;
	nr = choose_addresses(image, pcs);
	name_by_dwarf(image, pcs, nr);
	read_split(image, pcs, nr);
	name_by_go(image, pcs, nr);
	name_by_symbols(image, pcs, nr);
	return 0;
}
