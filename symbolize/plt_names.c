/* SPDX-License-Identifier: MIT */
/*
 * Names for PLT stubs, "foo@plt".  A stub is recognised by what it does (an indirect jump through
 * a GOT slot, or the push of a relocation index) instead of its place, so lazy, IBT and -z now
 * layouts of GNU ld and lld need no cases of their own.
 */
#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/elf_image.h"
#include "symbolize/symbol_list.h"
#include "symbolize/symbol_version.h"

#include <stdlib.h>
#include <string.h>

#define MAX_RELOCATIONS ((size_t)1 << 20)
#define STUB_BYTES	16
#define GOT_STUB_BYTES	8 /* .plt.got without IBT: jmp *slot(%rip) and two bytes of padding */

/* A GOT slot and what will be in it. */
struct got_slot {
	uint64_t vaddr;
	uint64_t target; /* IRELATIVE: the resolver */
	uint32_t symbol; /* index into .dynsym, 0 for none */
};

struct got_slots {
	struct got_slot *items; /* of .rela.plt in its order, then those of .rela.dyn */
	size_t nr;
	size_t cap;
	size_t nr_plt;
};

static void read_relocations(struct elf_image *image, const char *section, struct got_slots *slots)
{
	struct elf_span span;

	if (elf_image_section_by_name(image, section, &span) < 0)
		return;
	for (size_t off = 0; off + sizeof(Elf64_Rela) <= span.size; off += sizeof(Elf64_Rela)) {
		uint64_t type;
		Elf64_Rela rela;

		memcpy(&rela, span.data + off, sizeof(rela));
		type = ELF64_R_TYPE(rela.r_info);
		if (type != R_X86_64_JUMP_SLOT && type != R_X86_64_GLOB_DAT &&
		    type != R_X86_64_IRELATIVE)
			continue;
		if (slots->nr == MAX_RELOCATIONS)
			return;
		GROW_ARRAY(slots->items, slots->nr, slots->cap);
		slots->items[slots->nr++] = (struct got_slot){
			.vaddr = rela.r_offset,
			.target = type == R_X86_64_IRELATIVE ? (uint64_t)rela.r_addend : 0,
			.symbol = ELF64_R_SYM(rela.r_info)};
	}
}

static int compare_slots(const void *a, const void *b)
{
	const struct got_slot *x = a;
	const struct got_slot *y = b;

	return (x->vaddr > y->vaddr) - (x->vaddr < y->vaddr);
}

struct plt_reader {
	struct symbol_list *list;
	size_t nr_symbols; /* the sorted part of the list */
	struct elf_span dynsym;
	struct elf_span dynstr;
	const struct got_slot *plt_order;
	size_t nr_plt;
	const struct got_slot *by_vaddr;
	size_t nr_slots;
};

static const char *dynamic_name(const struct plt_reader *reader, uint32_t index)
{
	Elf64_Sym symbol;

	if (index == 0 || index >= reader->dynsym.size / sizeof(symbol))
		return NULL;
	memcpy(&symbol, reader->dynsym.data + (size_t)index * sizeof(symbol), sizeof(symbol));
	if (symbol.st_name >= reader->dynstr.size ||
	    !memchr(reader->dynstr.data + symbol.st_name, '\0',
		    reader->dynstr.size - symbol.st_name))
		return NULL;
	return (const char *)reader->dynstr.data + symbol.st_name;
}

static const char *slot_name(const struct plt_reader *reader, const struct got_slot *slot)
{
	const struct symbol_entry *entry;

	if (slot->symbol)
		return dynamic_name(reader, slot->symbol);
	entry = symbol_list_at(reader->list, reader->nr_symbols, slot->target);
	return entry ? entry->symbol.name : NULL;
}

/* The slot a stub of @len bytes at @vaddr goes through, or NULL. */
static const struct got_slot *decode_stub(const struct plt_reader *reader, const uint8_t *code,
					  size_t len, uint64_t vaddr)
{
	static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
	size_t at = 0;

	if (memcmp(code, endbr64, sizeof(endbr64)) == 0)
		at = sizeof(endbr64);
	if (at + 5 <= len && code[at] == 0x68) { /* push $index, for the lazy resolver */
		uint32_t index;

		memcpy(&index, code + at + 1, sizeof(index));
		return index < reader->nr_plt ? &reader->plt_order[index] : NULL;
	}
	if (at + 1 <= len && code[at] == 0xf2) /* bnd */
		at++;
	if (at + 6 <= len && code[at] == 0xff && code[at + 1] == 0x25) { /* jmp *disp(%rip) */
		int32_t disp;
		struct got_slot key;

		memcpy(&disp, code + at + 2, sizeof(disp));
		key.vaddr = vaddr + at + 6 + (uint64_t)(int64_t)disp;
		return bsearch(&key, reader->by_vaddr, reader->nr_slots, sizeof(key),
			       compare_slots);
	}
	return NULL;
}

static void name_stubs(const struct plt_reader *reader, struct elf_image *image,
		       const char *section, size_t stub_size)
{
	struct elf_span code;

	if (elf_image_section_by_name(image, section, &code) < 0)
		return;
	for (size_t off = 0; off + stub_size <= code.size; off += stub_size) {
		uint64_t vaddr = code.vaddr + off;
		const struct got_slot *slot = decode_stub(reader, code.data + off, stub_size,
							  vaddr);
		const char *name = slot ? slot_name(reader, slot) : NULL;
		struct symbol_entry entry = {.symbol = {.vaddr = vaddr, .size = stub_size},
					     .is_local = true,
					     .is_function = true};

		if (name && !symbol_list_add(reader->list, &entry, name,
					     symbol_version_strip(name, strlen(name)), "@plt"))
			return;
	}
}

static size_t got_stub_size(struct elf_image *image)
{
	int index = elf_image_find_section(image, ".plt.got");
	const Elf64_Shdr *sections;
	size_t nr;

	if (index < 0)
		return STUB_BYTES;
	sections = elf_image_sections(image, &nr);
	return sections[index].sh_entsize == GOT_STUB_BYTES ? GOT_STUB_BYTES : STUB_BYTES;
}

/* IRELATIVE slots have no symbol of their own: they are called what they resolve to. */
static bool has_targets(const struct got_slots *slots)
{
	for (size_t i = 0; i < slots->nr; i++)
		if (!slots->items[i].symbol)
			return true;
	return false;
}

void plt_names_add(struct elf_image *image, struct symbol_list *list)
{
	struct plt_reader reader = {.list = list};
	_cleanup_free_ struct got_slot *sorted = NULL;
	struct got_slots slots = {0};

	read_relocations(image, ".rela.plt", &slots);
	slots.nr_plt = slots.nr;
	read_relocations(image, ".rela.dyn", &slots);
	if (slots.nr == 0)
		return;
	/* Absent in static files, whose stubs have IRELATIVE targets only. */
	if (elf_image_section_by_name(image, ".dynsym", &reader.dynsym) < 0 ||
	    elf_image_section_by_name(image, ".dynstr", &reader.dynstr) < 0)
		reader.dynsym.size = 0;
	sorted = xmemdup(slots.items, slots.nr * sizeof(*sorted));
	qsort(sorted, slots.nr, sizeof(*sorted), compare_slots);
	reader.plt_order = slots.items;
	reader.nr_plt = slots.nr_plt;
	reader.by_vaddr = sorted;
	reader.nr_slots = slots.nr;
	if (has_targets(&slots)) {
		symbol_list_sort(list);
		reader.nr_symbols = list->nr;
	}
	name_stubs(&reader, image, ".plt", STUB_BYTES);
	name_stubs(&reader, image, ".plt.sec", STUB_BYTES);
	name_stubs(&reader, image, ".plt.got", got_stub_size(image));
	free(slots.items);
}
