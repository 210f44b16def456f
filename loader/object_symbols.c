/* SPDX-License-Identifier: MIT */
#include "loader/object_symbols.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/elf_image.h"

#include <string.h>

#define VERSION_HIDDEN 0x8000
#define MAX_VERSIONS   32768

/* Names of the versions an object defines, by number. */
struct versions {
	const char **names;
	size_t nr;
	struct elf_span numbers; /* of each dynamic symbol, 16 bits */
};

struct symbol_section {
	struct elf_span symbols, names;
	const struct versions *versions; /* or NULL */
};

static int section_of_type(struct elf_image *image, uint32_t type, struct elf_span *ret_data,
			   struct elf_span *ret_strings)
{
	size_t nr;
	const Elf64_Shdr *sections = elf_image_sections(image, &nr);

	for (size_t i = 0; i < nr; i++) {
		if (sections[i].sh_type != type)
			continue;
		if (elf_image_section_data(image, i, ret_data) < 0)
			return -1;
		return sections[i].sh_link < nr
			       ? elf_image_section_data(image, sections[i].sh_link, ret_strings)
			       : -1;
	}
	return -1;
}

static const char *string_at(const struct elf_span *strings, uint64_t off)
{
	if (off >= strings->size || !memchr(strings->data + off, '\0', strings->size - off))
		return NULL;
	return (const char *)strings->data + off;
}

static void read_version(struct versions *versions, const struct elf_span *data, uint64_t off,
			 const struct elf_span *strings, const Elf64_Verdef *def)
{
	uint64_t aux_off = off + def->vd_aux;
	Elf64_Verdaux aux;

	if (aux_off > data->size || data->size - aux_off < sizeof(aux) ||
	    def->vd_flags & VER_FLG_BASE)
		return;
	memcpy(&aux, data->data + aux_off, sizeof(aux));
	while (versions->nr <= def->vd_ndx && versions->nr < MAX_VERSIONS) {
		versions->names = xreallocarray(versions->names, versions->nr + 1,
						sizeof(*versions->names));
		versions->names[versions->nr++] = NULL;
	}
	if (def->vd_ndx < versions->nr)
		versions->names[def->vd_ndx] = string_at(strings, aux.vda_name);
}

static void read_versions(struct elf_image *image, struct versions *versions)
{
	struct elf_span data, strings, unused;
	Elf64_Verdef def;
	uint64_t off = 0;

	if (section_of_type(image, SHT_GNU_versym, &versions->numbers, &unused) < 0 ||
	    section_of_type(image, SHT_GNU_verdef, &data, &strings) < 0)
		return;
	for (int i = 0; i < MAX_VERSIONS; i++) {
		if (off > data.size || data.size - off < sizeof(def))
			return;
		memcpy(&def, data.data + off, sizeof(def));
		read_version(versions, &data, off, &strings, &def);
		if (def.vd_next == 0)
			return;
		off += def.vd_next;
	}
}

static void set_version(const struct versions *versions, size_t index, struct object_symbol *symbol)
{
	uint16_t number;

	if ((index + 1) * sizeof(number) > versions->numbers.size)
		return;
	memcpy(&number, versions->numbers.data + index * sizeof(number), sizeof(number));
	symbol->is_default = !(number & VERSION_HIDDEN);
	number &= VERSION_HIDDEN - 1;
	if (number < versions->nr)
		symbol->version = versions->names[number];
}

static int each_of_section(const struct symbol_section *section,
			   int (*fn)(const struct object_symbol *symbol, void *arg), void *arg)
{
	for (size_t i = 0; i < section->symbols.size / sizeof(Elf64_Sym); i++) {
		struct object_symbol symbol = {.is_dynamic = section->versions != NULL};
		Elf64_Sym raw;
		int ret;

		memcpy(&raw, section->symbols.data + i * sizeof(raw), sizeof(raw));
		symbol.name = string_at(&section->names, raw.st_name);
		if (raw.st_shndx == SHN_UNDEF || !symbol.name || !*symbol.name)
			continue;
		symbol.vaddr = raw.st_value;
		symbol.size = raw.st_size;
		symbol.type = ELF64_ST_TYPE(raw.st_info);
		symbol.bind = ELF64_ST_BIND(raw.st_info);
		if (section->versions)
			set_version(section->versions, i, &symbol);
		ret = fn(&symbol, arg);
		if (ret > 0)
			return ret;
	}
	return 0;
}

int object_symbols_each(struct elf_image *image,
			int (*fn)(const struct object_symbol *symbol, void *arg), void *arg)
{
	struct symbol_section section = {0};
	struct versions versions = {0};
	int ret = 0;

	if (section_of_type(image, SHT_SYMTAB, &section.symbols, &section.names) == 0)
		ret = each_of_section(&section, fn, arg);
	if (ret == 0 && section_of_type(image, SHT_DYNSYM, &section.symbols, &section.names) == 0) {
		read_versions(image, &versions);
		section.versions = &versions;
		ret = each_of_section(&section, fn, arg);
		free(versions.names);
	}
	return ret;
}
