/* SPDX-License-Identifier: MIT */
/* The function symbols of an ELF file's symbol sections, or of its dynamic segment. */
#include "common/elf_image.h"
#include "symbolize/symbol_list.h"
#include "symbolize/symbol_version.h"

#include <errno.h>
#include <string.h>

#define MAX_SYMBOL_SECTIONS 16

struct symbol_source {
	struct elf_span symbols;
	struct elf_span strings;
	bool is_lonely;
};

static bool is_code(const struct elf_image *image, const Elf64_Sym *symbol)
{
	const Elf64_Shdr *sections;
	size_t nr;

	if (symbol->st_shndx == SHN_UNDEF || symbol->st_shndx == SHN_ABS ||
	    symbol->st_shndx == SHN_COMMON)
		return false;
	sections = elf_image_sections(image, &nr);
	if (nr == 0 || symbol->st_shndx >= SHN_LORESERVE)
		return true;
	return symbol->st_shndx < nr && (sections[symbol->st_shndx].sh_flags & SHF_EXECINSTR) != 0;
}

static bool is_wanted(const struct elf_image *image, const Elf64_Sym *symbol)
{
	switch (ELF64_ST_TYPE(symbol->st_info)) {
	case STT_FUNC:
	case STT_GNU_IFUNC:
	case STT_NOTYPE:
		return symbol->st_value != 0 && is_code(image, symbol);
	default:
		return false;
	}
}

/* Length of the name without its "@VERSION"; 0 if it names no function. */
static size_t name_length(const struct elf_span *strings, uint32_t off)
{
	const char *name = (const char *)strings->data + off;
	size_t len;

	if (off >= strings->size)
		return 0;
	len = strnlen(name, strings->size - off);
	if (len == strings->size - off || (len >= 2 && name[0] == '.' && name[1] == 'L'))
		return 0;
	return symbol_version_strip(name, len);
}

static int read_source(const struct elf_image *image, const struct symbol_source *source,
		       struct symbol_list *list)
{
	size_t nr = source->symbols.size / sizeof(Elf64_Sym);
	int nr_added = 0;

	for (size_t i = 1; i < nr; i++) {
		struct symbol_entry entry = {.is_lonely = source->is_lonely};
		Elf64_Sym symbol;
		size_t len;

		memcpy(&symbol, source->symbols.data + i * sizeof(symbol), sizeof(symbol));
		if (!is_wanted(image, &symbol))
			continue;
		len = name_length(&source->strings, symbol.st_name);
		if (len == 0)
			continue;
		entry.symbol.vaddr = symbol.st_value;
		entry.symbol.size = symbol.st_size;
		if (entry.symbol.size > UINT64_MAX - entry.symbol.vaddr)
			entry.symbol.size = 0;
		entry.is_local = ELF64_ST_BIND(symbol.st_info) == STB_LOCAL;
		entry.is_function = ELF64_ST_TYPE(symbol.st_info) != STT_NOTYPE;
		entry.symbol.is_label = !entry.is_function;
		if (!symbol_list_add(list, &entry,
				     (const char *)source->strings.data + symbol.st_name, len, ""))
			break;
		nr_added++;
	}
	return nr_added;
}

static int find_dynamic(const struct elf_image *image, struct elf_span *ret_dynamic)
{
	size_t nr;
	const Elf64_Phdr *segments = elf_image_segments(image, &nr);

	for (size_t i = 0; i < nr; i++) {
		if (segments[i].p_type != PT_DYNAMIC)
			continue;
		*ret_dynamic = elf_image_at_vaddr(image, segments[i].p_vaddr);
		if (ret_dynamic->size > segments[i].p_filesz)
			ret_dynamic->size = segments[i].p_filesz;
		return ret_dynamic->data ? 0 : -EBADMSG;
	}
	return -ENOENT;
}

/* How many symbols a DT_GNU_HASH table reaches: the end of its last chain. */
static uint64_t count_gnu_hash(struct elf_span hash)
{
	uint32_t header[4]; /* buckets, first hashed symbol, bloom words, bloom shift */
	uint64_t buckets_off, chains_off, last = 0;

	if (hash.size < sizeof(header))
		return 0;
	memcpy(header, hash.data, sizeof(header));
	buckets_off = sizeof(header) + (uint64_t)header[2] * 8;
	chains_off = buckets_off + (uint64_t)header[0] * 4;
	if (chains_off > hash.size)
		return 0;
	for (uint64_t i = 0; i < header[0]; i++) {
		uint32_t first;

		memcpy(&first, hash.data + buckets_off + i * 4, sizeof(first));
		if (first > last)
			last = first;
	}
	if (last < header[1])
		return header[1];
	for (;; last++) {
		uint64_t off = chains_off + (last - header[1]) * 4;
		uint32_t value;

		if (off + sizeof(value) > hash.size)
			return 0;
		memcpy(&value, hash.data + off, sizeof(value));
		if (value & 1)
			return last + 1;
	}
}

static uint64_t count_sysv_hash(struct elf_span hash)
{
	uint32_t nr_chains;

	if (hash.size < 8)
		return 0;
	memcpy(&nr_chains, hash.data + 4, sizeof(nr_chains));
	return nr_chains;
}

/* The dynamic symbols of a file whose section headers were cut off. */
static int read_by_segment(const struct elf_image *image, struct symbol_list *list)
{
	struct symbol_source source = {.is_lonely = true};
	struct elf_span dynamic;
	uint64_t nr = 0, strings_size = 0;
	int err = find_dynamic(image, &dynamic);

	if (err)
		return err == -ENOENT ? 0 : err;
	for (size_t off = 0; off + sizeof(Elf64_Dyn) <= dynamic.size; off += sizeof(Elf64_Dyn)) {
		Elf64_Dyn entry;

		memcpy(&entry, dynamic.data + off, sizeof(entry));
		if (entry.d_tag == DT_NULL)
			break;
		if (entry.d_tag == DT_SYMTAB)
			source.symbols = elf_image_at_vaddr(image, entry.d_un.d_ptr);
		else if (entry.d_tag == DT_STRTAB)
			source.strings = elf_image_at_vaddr(image, entry.d_un.d_ptr);
		else if (entry.d_tag == DT_STRSZ)
			strings_size = entry.d_un.d_val;
		else if (entry.d_tag == DT_HASH)
			nr = count_sysv_hash(elf_image_at_vaddr(image, entry.d_un.d_ptr));
		else if (entry.d_tag == DT_GNU_HASH && nr == 0)
			nr = count_gnu_hash(elf_image_at_vaddr(image, entry.d_un.d_ptr));
	}
	if (!source.symbols.data || !source.strings.data)
		return 0;
	if (nr < source.symbols.size / sizeof(Elf64_Sym))
		source.symbols.size = nr * sizeof(Elf64_Sym);
	if (strings_size < source.strings.size)
		source.strings.size = strings_size;
	return read_source(image, &source, list);
}

int elf_symbols_read(struct elf_image *image, uint32_t type, struct symbol_list *list)
{
	size_t nr, nr_found = 0;
	const Elf64_Shdr *sections = elf_image_sections(image, &nr);
	int nr_added = 0;

	if (nr == 0)
		return type == SHT_DYNSYM ? read_by_segment(image, list) : 0;
	for (size_t i = 0; i < nr && nr_found < MAX_SYMBOL_SECTIONS; i++) {
		struct symbol_source source = {.is_lonely = type == SHT_DYNSYM};
		int err;

		if (sections[i].sh_type != type)
			continue;
		nr_found++;
		err = elf_image_section_data(image, i, &source.symbols);
		if (!err)
			err = elf_image_section_data(image, sections[i].sh_link, &source.strings);
		if (err)
			return err == -ENODATA ? nr_added : -EBADMSG;
		nr_added += read_source(image, &source, list);
	}
	return nr_added;
}
