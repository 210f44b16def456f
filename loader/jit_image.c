/* SPDX-License-Identifier: MIT */
#include "loader/jit_image.h"

#include "common/alloc.h"
#include "common/elf_image.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE	       ((uint64_t)4096)
#define MAX_ADDRESS    ((uint64_t)1 << 47) /* of user space */
#define MAX_TEXT_BYTES ((uint64_t)2 << 30)
#define MAX_SECTION    ((uint64_t)16 << 20)

/* The sections of the image that is made. */
enum { NONE, TEXT, EH_FRAME, DEBUG_FRAME, SYMBOLS, STRINGS, NAMES, NR_SECTIONS };

static const char section_names[] = "\0.text\0.eh_frame\0.debug_frame\0.symtab\0.strtab\0.shstrtab";
static const uint32_t name_offsets[NR_SECTIONS] = {
	[TEXT] = 1,	[EH_FRAME] = 7, [DEBUG_FRAME] = 17,
	[SYMBOLS] = 30, [STRINGS] = 38, [NAMES] = 46,
};

/* What is taken out of the registered image. */
struct parts {
	struct elf_image *from;
	const Elf64_Shdr *sections;
	size_t nr_sections;
	bool is_relocatable;
	uint64_t text_begin, text_end;
	struct {
		uint8_t *data; /* owned */
		size_t size;
		uint64_t vaddr;
	} part[NR_SECTIONS];
};

static void release_parts(struct parts *parts)
{
	for (int i = 0; i < NR_SECTIONS; i++)
		free(parts->part[i].data);
	elf_image_close(parts->from);
}

/* The bytes of a section as they lie in the image: nothing there has reason to be compressed. */
static bool get_section(const struct parts *parts, size_t index, struct elf_span *ret_span)
{
	return index < parts->nr_sections && !(parts->sections[index].sh_flags & SHF_COMPRESSED) &&
	       parts->sections[index].sh_size <= MAX_SECTION &&
	       elf_image_section_data(parts->from, index, ret_span) == 0;
}

/* From the first to the last address of loaded code. */
static int find_text(struct parts *parts)
{
	parts->text_begin = UINT64_MAX;
	for (size_t i = 0; i < parts->nr_sections; i++) {
		const Elf64_Shdr *s = &parts->sections[i];

		if (!(s->sh_flags & SHF_EXECINSTR) || !s->sh_addr || !s->sh_size ||
		    s->sh_addr >= MAX_ADDRESS || s->sh_size >= MAX_ADDRESS - s->sh_addr)
			continue;
		if (s->sh_addr < parts->text_begin)
			parts->text_begin = s->sh_addr;
		if (s->sh_addr + s->sh_size > parts->text_end)
			parts->text_end = s->sh_addr + s->sh_size;
	}
	return parts->text_begin < parts->text_end &&
			       parts->text_end - parts->text_begin <= MAX_TEXT_BYTES
		       ? 0
		       : -ENODATA;
}

/* Where a symbol is at run time; false if it is nowhere. */
static bool symbol_address(const struct parts *parts, const Elf64_Sym *symbol, uint64_t *ret_addr)
{
	*ret_addr = symbol->st_value;
	if (symbol->st_shndx == SHN_UNDEF || symbol->st_shndx >= parts->nr_sections)
		return false;
	if (!parts->is_relocatable)
		return true;
	*ret_addr += parts->sections[symbol->st_shndx].sh_addr;
	return parts->sections[symbol->st_shndx].sh_addr != 0;
}

static void relocate_one(const struct parts *parts, int which, const Elf64_Rela *rela,
			 struct elf_span symbols)
{
	uint64_t symbol_index = ELF64_R_SYM(rela->r_info), value, wide = 4;
	Elf64_Sym symbol;

	if (symbol_index >= symbols.size / sizeof(symbol))
		return;
	memcpy(&symbol, symbols.data + symbol_index * sizeof(symbol), sizeof(symbol));
	if (!symbol_address(parts, &symbol, &value))
		return;
	value += (uint64_t)rela->r_addend;
	switch (ELF64_R_TYPE(rela->r_info)) {
	case R_X86_64_PC64:
		value -= parts->part[which].vaddr + rela->r_offset;
		wide = 8;
		break;
	case R_X86_64_64:
		wide = 8;
		break;
	case R_X86_64_PC32:
		value -= parts->part[which].vaddr + rela->r_offset;
		break;
	case R_X86_64_32:
	case R_X86_64_32S:
		break;
	default:
		return;
	}
	if (rela->r_offset <= parts->part[which].size &&
	    wide <= parts->part[which].size - rela->r_offset)
		memcpy(parts->part[which].data + rela->r_offset, &value, wide);
}

/* Fills in what the linker of the process filled in at its own copy of section @index. */
static void relocate(const struct parts *parts, int which, size_t index)
{
	for (size_t i = 0; i < parts->nr_sections; i++) {
		const Elf64_Shdr *s = &parts->sections[i];
		struct elf_span relas, symbols;

		if (s->sh_type != SHT_RELA || s->sh_info != index ||
		    !get_section(parts, i, &relas) || !get_section(parts, s->sh_link, &symbols))
			continue;
		for (size_t at = 0; relas.size - at >= sizeof(Elf64_Rela);
		     at += sizeof(Elf64_Rela)) {
			Elf64_Rela rela;

			memcpy(&rela, relas.data + at, sizeof(rela));
			relocate_one(parts, which, &rela, symbols);
		}
		return;
	}
}

static void take_cfi(struct parts *parts, int which, const char *name)
{
	int index = elf_image_find_section(parts->from, name);
	struct elf_span span;

	if (index < 0 || !get_section(parts, (size_t)index, &span) || !span.size)
		return;
	parts->part[which].data = xmemdup(span.data, span.size);
	parts->part[which].size = span.size;
	parts->part[which].vaddr = parts->sections[index].sh_addr;
	if (parts->is_relocatable)
		relocate(parts, which, (size_t)index);
}

static void take_symbols(struct parts *parts)
{
	int index = elf_image_find_section(parts->from, ".symtab");
	struct elf_span symbols, strings;
	Elf64_Sym *out;
	size_t nr = 1;

	if (index < 0 || !get_section(parts, (size_t)index, &symbols) ||
	    !get_section(parts, parts->sections[index].sh_link, &strings))
		return;
	out = xcalloc(symbols.size / sizeof(*out) + 1, sizeof(*out));
	for (size_t at = sizeof(*out); at < symbols.size && symbols.size - at >= sizeof(*out);
	     at += sizeof(*out)) {
		Elf64_Sym symbol;
		uint64_t addr;

		memcpy(&symbol, symbols.data + at, sizeof(symbol));
		if (!symbol_address(parts, &symbol, &addr) || addr < parts->text_begin ||
		    addr >= parts->text_end)
			continue;
		symbol.st_value = addr;
		symbol.st_shndx = TEXT;
		out[nr++] = symbol;
	}
	parts->part[SYMBOLS].data = (uint8_t *)out;
	parts->part[SYMBOLS].size = nr * sizeof(*out);
	parts->part[STRINGS].data = xmemdup(strings.data, strings.size);
	parts->part[STRINGS].size = strings.size;
}

static uint64_t align(uint64_t value, uint64_t to)
{
	return (value + to - 1) & ~(to - 1);
}

static void describe_sections(const struct parts *parts, Elf64_Shdr *sections)
{
	static const uint32_t types[NR_SECTIONS] = {
		[TEXT] = SHT_PROGBITS,	[EH_FRAME] = SHT_PROGBITS, [DEBUG_FRAME] = SHT_PROGBITS,
		[SYMBOLS] = SHT_SYMTAB, [STRINGS] = SHT_STRTAB,	   [NAMES] = SHT_STRTAB,
	};

	for (int i = TEXT; i < NR_SECTIONS; i++) {
		sections[i].sh_name = name_offsets[i];
		sections[i].sh_type = types[i];
		sections[i].sh_size = parts->part[i].size;
		sections[i].sh_addr = parts->part[i].vaddr;
		sections[i].sh_addralign = 1;
	}
	sections[TEXT].sh_flags = SHF_ALLOC | SHF_EXECINSTR;
	sections[TEXT].sh_addr = parts->text_begin;
	sections[TEXT].sh_size = parts->text_end - parts->text_begin;
	sections[SYMBOLS].sh_link = STRINGS;
	sections[SYMBOLS].sh_entsize = sizeof(Elf64_Sym);
}

/*
 * Headers and sections first, then room for the text, which is never filled: a code buffer may
 * have a gigabyte, and its CFI is all that is wanted.
 */
static int write_image(const struct parts *parts, struct jit_image *ret_image)
{
	uint64_t begin = parts->text_begin & ~(PAGE - 1), at, size;
	Elf64_Shdr sections[NR_SECTIONS] = {};
	Elf64_Ehdr header = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			    EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(header),
		.e_shoff = sizeof(header) + sizeof(Elf64_Phdr),
		.e_ehsize = sizeof(header),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = NR_SECTIONS,
		.e_shstrndx = NAMES,
	};
	Elf64_Phdr text = {.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = begin};
	uint8_t *data;

	describe_sections(parts, sections);
	at = header.e_shoff + sizeof(sections);
	for (int i = EH_FRAME; i < NR_SECTIONS; i++) {
		sections[i].sh_offset = at;
		at = align(at + sections[i].sh_size, 8);
	}
	text.p_offset = align(at, PAGE);
	text.p_filesz = text.p_memsz = parts->text_end - begin;
	sections[TEXT].sh_offset = text.p_offset + (parts->text_begin - begin);
	size = text.p_offset + text.p_filesz;
	data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		    -1, 0);
	if (data == MAP_FAILED)
		return -errno;
	memcpy(data, &header, sizeof(header));
	memcpy(data + header.e_phoff, &text, sizeof(text));
	memcpy(data + header.e_shoff, sections, sizeof(sections));
	for (int i = EH_FRAME; i < NR_SECTIONS; i++)
		if (parts->part[i].size)
			memcpy(data + sections[i].sh_offset, parts->part[i].data,
			       parts->part[i].size);
	*ret_image = (struct jit_image){
		.text_begin = parts->text_begin,
		.text_end = parts->text_end,
		.data = data,
		.size = size,
	};
	return elf_image_open_memory(data, size, &ret_image->elf);
}

int jit_image_make(const void *bytes, size_t size, struct jit_image *ret_image)
{
	struct parts parts = {};
	struct jit_image image = {};
	int err = elf_image_open_memory(bytes, size, &parts.from);

	if (err < 0)
		return err;
	parts.sections = elf_image_sections(parts.from, &parts.nr_sections);
	parts.is_relocatable = elf_image_header(parts.from)->e_type == ET_REL;
	err = elf_image_header(parts.from)->e_machine == EM_X86_64 ? find_text(&parts) : -ENOEXEC;
	if (err == 0) {
		take_cfi(&parts, EH_FRAME, ".eh_frame");
		take_cfi(&parts, DEBUG_FRAME, ".debug_frame");
		take_symbols(&parts);
		parts.part[NAMES].data = xmemdup(section_names, sizeof(section_names));
		parts.part[NAMES].size = sizeof(section_names);
		err = write_image(&parts, &image);
	}
	release_parts(&parts);
	if (err < 0) {
		jit_image_release(&image);
		return err;
	}
	*ret_image = image;
	return 0;
}

void jit_image_release(struct jit_image *image)
{
	elf_image_close(image->elf);
	if (image->data)
		munmap(image->data, image->size);
	memset(image, 0, sizeof(*image));
}
