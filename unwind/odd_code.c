/* SPDX-License-Identifier: MIT */
#include "unwind/odd_code.h"

#include "common/elf_image.h"
#include "unwind/arch_x86_64.h"
#include "unwind/cfi_input.h"
#include "unwind/x86_code.h"

#include <string.h>

#define MAX_CODE   ((uint64_t)2 << 20) /* searching more would cost too much for what is rare */
#define MAX_FOUND  4096
#define CONTEXT_RA (19 * 8)

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

/* What libgcc's unwinder does before it leaves for a handler. */
struct leaving {
	int32_t lea[16]; /* places of RBP's frame that registers point to; 0: elsewhere */
	bool is_started; /* uw_init_context_1() has its second argument */
	int32_t context; /* place of the context it fills in; 0: none yet */
	uint32_t calls[2];
};

static void look_at(struct leaving *l, const uint8_t *code, uint32_t pos, unsigned int length)
{
	const uint8_t *p = code + pos;
	unsigned int high = (p[0] & 4) * 2;

	if (length == 7 && (p[0] & 0xfb) == 0x48 && p[1] == 0x8d && (p[2] & 0xc7) == 0x85) {
		memcpy(&l->lea[high | (p[2] >> 3 & 7)], p + 3, sizeof(int32_t));
	} else if (length == 3 && (p[0] & 0xfb) == 0x48 && p[1] == 0x89 && (p[2] & 0xc7) == 0xc7) {
		l->lea[7] = l->lea[high | (p[2] >> 3 & 7)];
	} else if (length == 4 && memcmp(p, "\x48\x8d\x75\x10", 4) == 0) {
		l->is_started = true;
	} else if (length == 5 && p[0] == 0xe8) {
		if (!l->context && l->is_started)
			l->context = l->lea[7];
		l->calls[0] = l->calls[1];
		l->calls[1] = pos;
	}
}

/*
 * Functions of libgcc that throw: uw_install_context_1() puts the handler's registers where this
 * frame's are saved, the return address among them.  The one it had is in the context that was
 * made of it first (struct _Unwind_Context: 18 words, cfa, ra); rbp is lost.
 */
static void search_leavings(struct search *search, const uint8_t *code, size_t size, uint32_t base)
{
	/* mov 0(%rbp),%rbp; mov %rcx,%rsp */
	static const uint8_t leave[] = {0x48, 0x8b, 0x6d, 0x00, 0x48, 0x89, 0xcc};
	const uint8_t *found = code, *end = code + size;

	while (search->nr < MAX_FOUND &&
	       (found = memmem(found, (size_t)(end - found), leave, sizeof(leave)))) {
		uint32_t at = (uint32_t)(found - code), from;
		const struct fde_list *ranges = &search->input->ranges;
		size_t i = fde_list_find(ranges, base + at);
		struct leaving l = {0};
		struct cfi_state state = {.regs = cfi_with_rbp(0, RBP_STATE_UNDEFINED, 0)};

		found += sizeof(leave);
		if (i == ranges->nr || ranges->ranges[i].begin < base ||
		    ranges->ranges[i].begin > base + at)
			continue;
		from = ranges->ranges[i].begin - base;
		while (from < at) {
			unsigned int length = x86_decode(code + from, size - from).length;

			look_at(&l, code, from, length);
			from += length ? length : 1;
		}
		if (!l.context || !l.calls[0])
			continue;
		state.cfa = cfi_cfa(CFA_RBP_RA, l.context + CONTEXT_RA - 8, 16);
		append(search, base + l.calls[0], base + at + 4,
		       cie_table_add_state(&search->input->cies, state));
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
		search_leavings(&search, span.data, sections[i].sh_size, base);
	}
	for (size_t i = 0; i < search.list.nr; i++)
		fde_list_append(&input->ranges, &search.list.ranges[i]);
	if (search.list.nr)
		fde_list_settle(&input->ranges);
	fde_list_release(&search.list);
}
