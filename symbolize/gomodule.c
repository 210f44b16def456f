/* SPDX-License-Identifier: MIT */
#include "symbolize/gomodule.h"

#include "symbolize/dwarf_cursor.h"

#include <errno.h>
#include <string.h>

#define MAGIC_1_2  0xfffffffb
#define MAGIC_1_16 0xfffffffa
#define MAGIC_1_18 0xfffffff0
#define MAGIC_1_20 0xfffffff1

#define POINTER_BYTES 8
#define TABLE_ALIGN   32 /* the linker's for this symbol */

/*
 * runtime.moduledata in words: the header's address, six slices, then single words.  gofunc came
 * in 1.18; 1.20 put two words in before it.
 */
#define MODULE_TEXT	   22
#define MODULE_GOFUNC_1_18 38
#define MODULE_GOFUNC_1_20 40
#define MODULE_WORDS	   41

static bool starts_table(struct elf_span span)
{
	uint32_t magic;

	if (!span.data || span.size < 8 + POINTER_BYTES)
		return false;
	memcpy(&magic, span.data, sizeof(magic));
	return (magic == MAGIC_1_2 || magic == MAGIC_1_16 || magic == MAGIC_1_18 ||
		magic == MAGIC_1_20) &&
	       span.data[4] == 0 && span.data[5] == 0 &&
	       (span.data[6] == 1 || span.data[6] == 2 || span.data[6] == 4) &&
	       span.data[7] == POINTER_BYTES;
}

/* Position-independent programs have it among data, under another name; so do those without. */
static int find_table(struct elf_image *image, struct elf_span *ret_table)
{
	static const char *const names[] = {".gopclntab", ".data.rel.ro.gopclntab"};
	const Elf64_Phdr *segments;
	size_t nr;

	for (size_t i = 0; i < 2; i++)
		if (elf_image_section_by_name(image, names[i], ret_table) == 0 &&
		    starts_table(*ret_table))
			return 0;
	/* Other programs have sections; only a Go program without them is worth the search. */
	elf_image_sections(image, &nr);
	segments = nr ? NULL : elf_image_segments(image, &nr);
	for (size_t i = 0; segments && i < nr; i++) {
		struct elf_span span = elf_image_at_vaddr(image, segments[i].p_vaddr);

		if (segments[i].p_type != PT_LOAD || (segments[i].p_flags & PF_X))
			continue;
		for (size_t off = 0; off + TABLE_ALIGN <= span.size; off += TABLE_ALIGN) {
			*ret_table = (struct elf_span){.data = span.data + off,
						       .size = span.size - off,
						       .vaddr = span.vaddr + off};
			if (starts_table(*ret_table))
				return 0;
		}
	}
	return -ENOENT;
}

/* The pointer at @vaddr, by its relocation where the file holds none. */
static uint64_t read_pointer(struct elf_image *image, uint64_t vaddr)
{
	struct elf_span span = elf_image_at_vaddr(image, vaddr);
	uint64_t value = 0;
	struct elf_span relocations;

	if (span.size >= sizeof(value))
		memcpy(&value, span.data, sizeof(value));
	if (value || elf_image_section_by_name(image, ".rela.dyn", &relocations) < 0)
		return value;
	for (size_t off = 0; off + sizeof(Elf64_Rela) <= relocations.size;
	     off += sizeof(Elf64_Rela)) {
		Elf64_Rela rela;

		memcpy(&rela, relocations.data + off, sizeof(rela));
		if (rela.r_offset == vaddr && ELF64_R_TYPE(rela.r_info) == R_X86_64_RELATIVE)
			return (uint64_t)rela.r_addend;
	}
	return 0;
}

static int read_header_1_2(struct dwarf_cursor *cursor, struct go_module *module)
{
	uint64_t files_off;

	module->nr_funcs = dwarf_u64(cursor);
	module->functab = 8 + POINTER_BYTES;
	if (cursor->failed || module->nr_funcs > module->table.size / (2 * POINTER_BYTES))
		return -EBADMSG;
	/* Then an end address and where the files are. */
	files_off = module->functab + module->nr_funcs * 2 * POINTER_BYTES + POINTER_BYTES;
	*cursor = dwarf_cursor_at(module->table.data, module->table.size, files_off);
	module->files = dwarf_u32(cursor);
	return cursor->failed ? -EBADMSG : 0;
}

static int read_header(struct go_module *module)
{
	struct dwarf_cursor cursor = dwarf_cursor_at(module->table.data, module->table.size, 8);

	if (module->version == GO_1_2)
		return read_header_1_2(&cursor, module);
	module->nr_funcs = dwarf_u64(&cursor);
	dwarf_u64(&cursor);
	if (module->version >= GO_1_18) {
		module->text_start = read_pointer(
			module->image,
			module->table.vaddr + (uint64_t)(cursor.at - module->table.data));
		dwarf_u64(&cursor);
	}
	module->names = dwarf_u64(&cursor);
	module->cus = dwarf_u64(&cursor);
	module->files = dwarf_u64(&cursor);
	module->pctab = dwarf_u64(&cursor);
	module->functab = dwarf_u64(&cursor);
	module->func_base = module->functab;
	if (cursor.failed || module->nr_funcs > module->table.size / POINTER_BYTES)
		return -EBADMSG;
	return 0;
}

/*
 * runtime.firstmoduledata begins with the table's address.  It tells where function data is, and
 * the text's start, which 1.26 no longer writes into the header.
 */
static void read_module_data(struct go_module *module)
{
	unsigned int gofunc = module->version == GO_1_18 ? MODULE_GOFUNC_1_18 : MODULE_GOFUNC_1_20;
	const char *const sections[] = {".noptrdata", ".data", ".go.module"};

	for (size_t i = 0; i < 3; i++) {
		struct elf_span data;

		if (elf_image_section_by_name(module->image, sections[i], &data) < 0)
			continue;
		for (size_t off = 0; off + MODULE_WORDS * POINTER_BYTES <= data.size;
		     off += POINTER_BYTES) {
			uint64_t word, names, vaddr = data.vaddr + off;

			memcpy(&word, data.data + off, sizeof(word));
			memcpy(&names, data.data + off + POINTER_BYTES, sizeof(names));
			if (word != module->table.vaddr ||
			    names != module->table.vaddr + module->names)
				continue;
			module->funcdata = read_pointer(module->image,
							vaddr + gofunc * POINTER_BYTES);
			if (!module->text_start)
				module->text_start = read_pointer(
					module->image, vaddr + MODULE_TEXT * POINTER_BYTES);
			return;
		}
	}
}

int go_module_find(struct elf_image *image, struct go_module *ret_module)
{
	struct go_module module = {.image = image};
	struct elf_span text;
	uint32_t magic;
	int err;

	err = find_table(image, &module.table);
	if (err)
		return err;
	memcpy(&magic, module.table.data, sizeof(magic));
	module.version = magic == MAGIC_1_2    ? GO_1_2
			 : magic == MAGIC_1_16 ? GO_1_16
			 : magic == MAGIC_1_18 ? GO_1_18
					       : GO_1_20;
	module.quantum = module.table.data[6];
	err = read_header(&module);
	if (err)
		return err;
	if (module.version >= GO_1_18)
		read_module_data(&module);
	if (module.version >= GO_1_18 && !module.text_start &&
	    elf_image_section_by_name(image, ".text", &text) == 0)
		module.text_start = text.vaddr;
	*ret_module = module;
	return 0;
}
