/* SPDX-License-Identifier: MIT */
#include "unwind/odd_code.h"

#include "common/elf_image.h"
#include "unwind/arch_x86_64.h"
#include "unwind/cfi_input.h"

#define MAX_CODE  ((uint64_t)2 << 20) /* searching more would cost too much for what is rare */
#define MAX_FOUND 4096

struct search {
	struct cfi_input *input;
	struct fde_list list;
	uint32_t flat_cie; /* CFA is rsp+8 */
	uint32_t deep_cie; /* rsp+16 */
	uint32_t clone_cie;
	size_t nr;
};

static void append(struct search *search, uint32_t begin, uint32_t end, uint32_t cie)
{
	const struct cfi_range range = {.begin = begin, .start = begin, .end = end, .cie = cie};

	if (begin < end)
		fde_list_append(&search->list, &range);
}

static void search_clones(struct search *search, const uint8_t *code, size_t size, uint32_t base)
{
	struct arch_clone found;
	size_t pos = 0;

	while (search->nr < MAX_FOUND && arch_find_clone(code + pos, size - pos, &found)) {
		append(search, base + (uint32_t)pos + found.begin, base + (uint32_t)pos + found.end,
		       search->clone_cie);
		pos += found.end;
		search->nr++;
	}
}

static void search_retpolines(struct search *search, const uint8_t *code, size_t size,
			      uint32_t base)
{
	struct arch_retpoline found;
	size_t pos = 0;

	while (search->nr < MAX_FOUND && arch_find_retpoline(code + pos, size - pos, &found)) {
		uint32_t at = base + (uint32_t)pos;

		append(search, at + found.begin, at + found.deep_from, search->flat_cie);
		append(search, at + found.deep_from, at + found.deep_to, search->deep_cie);
		append(search, at + found.deep_to, at + found.end, search->flat_cie);
		pos += found.end;
		search->nr++;
	}
}

static bool is_code(const struct cfi_input *input, const Elf64_Shdr *s)
{
	return s->sh_type == SHT_PROGBITS && s->sh_flags & SHF_EXECINSTR && s->sh_size &&
	       s->sh_addr >= input->base && s->sh_size <= input->size &&
	       s->sh_addr - input->base <= input->size - s->sh_size;
}

void odd_code_add(struct cfi_input *input, const struct elf_image *image)
{
	const struct cfi_state flat = {.cfa = cfi_cfa(CFA_REG, DW_REG_RSP, 8)};
	const struct cfi_state deep = {.cfa = cfi_cfa(CFA_REG, DW_REG_RSP, 16)};
	const struct cfi_state clone = {.cfa = cfi_cfa(CFA_CLONE, 0, 8)};
	struct search search = {.input = input};
	const Elf64_Shdr *sections;
	uint64_t bytes = 0;
	size_t nr;

	sections = elf_image_sections(image, &nr);
	for (size_t i = 0; i < nr; i++)
		bytes += is_code(input, &sections[i]) ? sections[i].sh_size : 0;
	if (bytes > MAX_CODE)
		return;
	search.flat_cie = cie_table_add_state(&input->cies, flat);
	search.deep_cie = cie_table_add_state(&input->cies, deep);
	search.clone_cie = cie_table_add_state(&input->cies, clone);
	for (size_t i = 0; i < nr; i++) {
		struct elf_span span = elf_image_at_vaddr(image, sections[i].sh_addr);

		uint32_t base = (uint32_t)(sections[i].sh_addr - input->base);

		if (!is_code(input, &sections[i]) || span.size < sections[i].sh_size)
			continue;
		search_retpolines(&search, span.data, sections[i].sh_size, base);
		search_clones(&search, span.data, sections[i].sh_size, base);
	}
	for (size_t i = 0; i < search.list.nr; i++)
		fde_list_append(&input->ranges, &search.list.ranges[i]);
	if (search.list.nr)
		fde_list_settle(&input->ranges);
	fde_list_release(&search.list);
}
