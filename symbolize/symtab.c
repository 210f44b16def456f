/* SPDX-License-Identifier: MIT */
#include "symbolize/symtab.h"

#include "common/alloc.h"
#include "common/elf_image.h"
#include "symbolize/elf_minidebug.h"
#include "symbolize/fde_starts.h"
#include "symbolize/symtab_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define START_MAX_BYTES 64 /* more than any C library's _start, where no FDE tells */

/* Executable sections, or segments of a file without sections: no symbol reaches out of one. */
struct code_ranges {
	struct address_range *items;
	size_t nr;
	size_t cap;
};

static void add_code_range(struct code_ranges *code, uint64_t start, uint64_t size)
{
	if (size == 0 || size > UINT64_MAX - start)
		return;
	GROW_ARRAY(code->items, code->nr, code->cap);
	code->items[code->nr] = (struct address_range){
		.start = start, .end = start + size, .rank = (uint32_t)code->nr};
	code->nr++;
}

static void find_code(const struct elf_image *image, struct segments *ret_code)
{
	struct code_ranges code = {0};
	const Elf64_Shdr *sections;
	const Elf64_Phdr *segments;
	size_t nr;

	sections = elf_image_sections(image, &nr);
	for (size_t i = 1; i < nr; i++)
		if ((sections[i].sh_flags & (SHF_ALLOC | SHF_EXECINSTR)) ==
		    (SHF_ALLOC | SHF_EXECINSTR))
			add_code_range(&code, sections[i].sh_addr, sections[i].sh_size);
	if (code.nr == 0) {
		segments = elf_image_segments(image, &nr);
		for (size_t i = 0; i < nr; i++)
			if (segments[i].p_type == PT_LOAD && (segments[i].p_flags & PF_X))
				add_code_range(&code, segments[i].p_vaddr, segments[i].p_memsz);
	}
	/* Each keeps a value of its own, so that neighbours stay apart. */
	for (size_t i = 0; i < code.nr; i++)
		code.items[i].value = (uint32_t)i;
	segments_build(code.items, code.nr, ret_code);
	free(code.items);
}

/* Where a symbol that states no size ends; @next is the next symbol's address. */
static uint64_t guess_end(const struct symbol_entry *entry, uint64_t next,
			  const struct segment *code, const struct fde_starts *fdes)
{
	uint64_t vaddr = entry->symbol.vaddr;
	uint64_t end = next < code->end ? next : code->end;
	uint64_t fde_start, fde_end;

	if (fde_starts_find(fdes, vaddr, &fde_start, &fde_end)) {
		if (entry->is_lonely && fde_start != vaddr)
			return vaddr + 1;
		return fde_end < end ? fde_end : end;
	}
	if (entry->is_lonely)
		return vaddr + 1;
	fde_start = fde_starts_next(fdes, vaddr);
	return fde_start < end ? fde_start : end;
}

/* Sets every symbol's size, then lays out who owns which address. */
static void lay_out(struct symtab *symtab, const struct segments *code,
		    const struct fde_starts *fdes)
{
	size_t nr = symtab->list.nr;
	struct address_range *ranges = xcalloc(nr + 1, sizeof(*ranges));
	uint64_t next = UINT64_MAX;

	for (size_t i = nr; i-- > 0;) {
		struct symbol_entry *entry = &symtab->list.items[i];
		uint64_t vaddr = entry->symbol.vaddr;
		const struct segment *section = segments_find(code, vaddr);
		uint64_t end;

		if (i + 1 < nr && symtab->list.items[i + 1].symbol.vaddr > vaddr)
			next = symtab->list.items[i + 1].symbol.vaddr;
		entry->symbol.is_guessed |= entry->symbol.size == 0;
		ranges[i] = (struct address_range){
			.start = vaddr,
			.rank = (uint32_t)(entry->symbol.is_guessed ? i : nr + i),
			.value = (uint32_t)i};
		if (!section)
			continue;
		end = entry->symbol.size ? vaddr + entry->symbol.size
					 : guess_end(entry, next, section, fdes);
		ranges[i].end = end < section->end ? end : section->end;
		entry->symbol.size = ranges[i].end - vaddr;
	}
	free(symtab->segments.items);
	segments_build(ranges, nr, &symtab->segments);
	free(ranges);
}

static bool is_pie(const struct elf_image *image)
{
	size_t nr;
	const Elf64_Phdr *segments = elf_image_segments(image, &nr);

	for (size_t i = 0; i < nr; i++) {
		struct elf_span dynamic;
		size_t len;

		if (segments[i].p_type != PT_DYNAMIC)
			continue;
		dynamic = elf_image_at_vaddr(image, segments[i].p_vaddr);
		len = dynamic.size < segments[i].p_filesz ? dynamic.size : segments[i].p_filesz;
		for (size_t off = 0; off + sizeof(Elf64_Dyn) <= len; off += sizeof(Elf64_Dyn)) {
			Elf64_Dyn entry;

			memcpy(&entry, dynamic.data + off, sizeof(entry));
			if (entry.d_tag == DT_FLAGS_1)
				return (entry.d_un.d_val & DF_1_PIE) != 0;
		}
	}
	return false;
}

static bool has_segment(const struct elf_image *image, uint32_t type)
{
	size_t nr;
	const Elf64_Phdr *segments = elf_image_segments(image, &nr);

	for (size_t i = 0; i < nr; i++)
		if (segments[i].p_type == type)
			return true;
	return false;
}

/*
 * Whether e_entry is where the program begins.  Old linkers wrote the start of .text into shared
 * libraries, where no program ever enters.
 */
static bool has_entry_point(const struct elf_image *image, const struct segments *code)
{
	const Elf64_Ehdr *header = elf_image_header(image);
	const struct segment *section = segments_find(code, header->e_entry);

	if (header->e_entry == 0 || !section)
		return false;
	return header->e_type == ET_EXEC || has_segment(image, PT_INTERP) || is_pie(image) ||
	       header->e_entry != section->start;
}

/* Names the code at the entry point, which stripped files leave without a symbol. */
static void add_entry_point(struct symtab *symtab, const struct elf_image *image,
			    const struct segments *code, const struct fde_starts *fdes)
{
	static const char name[] = "_start";
	struct symbol_entry entry = {
		.symbol = {.is_guessed = true}, .is_function = true, .is_local = true};
	uint64_t vaddr = elf_image_header(image)->e_entry;
	uint64_t start, end, next;

	if (!has_entry_point(image, code) || segments_find(&symtab->segments, vaddr))
		return;
	if (!fde_starts_find(fdes, vaddr, &start, &end)) {
		end = vaddr + START_MAX_BYTES;
		next = fde_starts_next(fdes, vaddr);
		if (next < end)
			end = next;
	}
	entry.symbol.vaddr = vaddr;
	entry.symbol.size = end - vaddr;
	if (!symbol_list_add(&symtab->list, &entry, name, strlen(name), ""))
		return;
	symbol_list_sort(&symtab->list);
	lay_out(symtab, code, fdes);
}

/* All sources' symbols, unsorted.  -EBADMSG only if nothing could be read. */
static int read_all(struct elf_image *image, struct elf_image *debug_image,
		    struct symbol_list *list)
{
	struct elf_image *mini_image = NULL;
	uint8_t *mini_bytes = NULL;
	bool damaged = false;

	list->borrows = true;
	if (debug_image)
		damaged |= elf_symbols_read(debug_image, SHT_SYMTAB, list) < 0;
	damaged |= elf_symbols_read(image, SHT_SYMTAB, list) < 0;
	if (list->nr == 0 && elf_minidebug_open(image, &mini_image, &mini_bytes) == 0) {
		list->borrows = false;
		damaged |= elf_symbols_read(mini_image, SHT_SYMTAB, list) < 0;
		list->borrows = true;
		elf_image_close(mini_image);
		free(mini_bytes);
	}
	damaged |= elf_symbols_read(image, SHT_DYNSYM, list) < 0;
	return damaged && list->nr == 0 ? -EBADMSG : 0;
}

int symtab_new(struct elf_image *image, struct elf_image *debug_image, struct symtab **ret_symtab)
{
	_cleanup_(symtab_freep) struct symtab *symtab = xcalloc(1, sizeof(*symtab));
	struct fde_starts fdes = fde_starts_open(image);
	struct segments code;
	int err;

	err = read_all(image, debug_image, &symtab->list);
	if (err)
		return err;
	plt_names_add(image, &symtab->list);
	symbol_list_sort(&symtab->list);
	find_code(image, &code);
	lay_out(symtab, &code, &fdes);
	add_entry_point(symtab, image, &code, &fdes);
	free(code.items);
	*ret_symtab = TAKE_PTR(symtab);
	return 0;
}

void symtab_free(struct symtab *symtab)
{
	if (!symtab)
		return;
	symbol_list_release(&symtab->list);
	free(symtab->segments.items);
	free(symtab);
}

size_t symtab_count(const struct symtab *symtab)
{
	return symtab->list.nr;
}

const struct symbol *symtab_find(const struct symtab *symtab, uint64_t vaddr)
{
	const struct segment *segment = segments_find(&symtab->segments, vaddr);

	return segment ? &symtab->list.items[segment->value].symbol : NULL;
}
