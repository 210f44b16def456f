/* SPDX-License-Identifier: MIT */
#include "unwind/known_code.h"

#include "unwind/arch_x86_64.h"
#include "unwind/cfi_input.h"
#include "unwind/context_start.h"

#include <string.h>

#define MAX_TRAMPOLINES 16 /* an object has one or two; a hostile one gets no more */
#define MAX_PADDING	15 /* shorter holes are alignment; reading them would load all text */

/* What a scan for trampolines found. */
struct scan {
	struct cfi_input *input;
	const struct elf_image *image;
	struct fde_list found;
	uint64_t budget; /* bytes still to be looked at: sections may overlap without end */
	uint32_t cie;
};

/* A range without a program: its CIE's state is all there is. */
static void append_state(struct fde_list *list, uint32_t begin, uint32_t end, uint32_t cie)
{
	const struct cfi_range range = {.begin = begin, .start = begin, .end = end, .cie = cie};

	fde_list_append(list, &range);
}

/* The text that holds the entry point, which is cut off where other code is described. */
static void add_entry_stub(struct cfi_input *input, const struct elf_image *image)
{
	const struct cfi_state stop = {.cfa = cfi_cfa_none(NONE_GAP),
				       .regs = cfi_with_ra(0, RA_STATE_UNDEFINED, 0)};
	uint64_t entry = elf_image_header(image)->e_entry;
	struct fde_list stub = {0};

	for (size_t i = 0; i < input->nr_text; i++) {
		const struct text_range *text = &input->text[i];

		if (entry < text->begin || entry >= text->end)
			continue;
		append_state(
			&stub, (uint32_t)(entry - input->base),
			(uint32_t)((text->end - entry < ARCH_ENTRY_STUB ? text->end
									: entry + ARCH_ENTRY_STUB) -
				   input->base),
			cie_table_add_state(&input->cies, stop));
	}
	fde_list_fill(&input->ranges, &stub);
	fde_list_release(&stub);
}

/* Looks for trampolines in the text [begin, end), which lies in one segment. */
static void scan_text(struct scan *scan, uint32_t begin, uint32_t end)
{
	struct elf_span span = elf_image_at_vaddr(scan->image, scan->input->base + begin);
	size_t size = span.size < end - begin ? span.size : end - begin;
	const uint8_t *code = span.data;

	if (size > scan->budget)
		return;
	scan->budget -= size;
	while (code && scan->found.nr < MAX_TRAMPOLINES) {
		ptrdiff_t pos = arch_find_signal_trampoline(code, size);
		uint32_t at;

		if (pos < 0)
			return;
		at = begin + (uint32_t)(code + pos - span.data);
		/* The kernel makes it look called; so that its return address minus one is found,
		 * the row begins a byte early. */
		append_state(&scan->found, at ? at - 1 : at,
			     at + (uint32_t)arch_signal_trampoline(code + pos, size - (size_t)pos),
			     scan->cie);
		code += pos + 1;
		size -= (size_t)pos + 1;
	}
}

/* The holes between described code in [begin, end). */
static void scan_holes(struct scan *scan, uint32_t begin, uint32_t end)
{
	const struct fde_list *ranges = &scan->input->ranges;
	size_t i = fde_list_find(ranges, begin);
	uint32_t cursor = begin;

	for (; i < ranges->nr && ranges->ranges[i].begin < end; i++) {
		if (ranges->ranges[i].begin > cursor &&
		    ranges->ranges[i].begin - cursor > MAX_PADDING)
			scan_text(scan, cursor, ranges->ranges[i].begin);
		cursor = ranges->ranges[i].end;
	}
	if (cursor < end)
		scan_text(scan, cursor, end);
}

/* Every stretch of code: the sections that are some, because a segment may hold much else. */
static void scan_code(struct scan *scan,
		      void (*scan_stretch)(struct scan *scan, uint32_t begin, uint32_t end))
{
	const struct cfi_input *input = scan->input;
	const Elf64_Shdr *sections;
	size_t nr;

	sections = elf_image_sections(scan->image, &nr);
	for (size_t t = 0; t < input->nr_text; t++) {
		const struct text_range *text = &input->text[t];

		if (!nr)
			scan_stretch(scan, (uint32_t)(text->begin - input->base),
				     (uint32_t)(text->end - input->base));
		for (size_t i = 0; i < nr; i++) {
			const Elf64_Shdr *s = &sections[i];

			if (s->sh_type != SHT_NOBITS && s->sh_flags & SHF_EXECINSTR &&
			    s->sh_addr >= text->begin && s->sh_addr < text->end &&
			    s->sh_size <= text->end - s->sh_addr)
				scan_stretch(scan, (uint32_t)(s->sh_addr - input->base),
					     (uint32_t)(s->sh_addr + s->sh_size - input->base));
		}
	}
}

/* No other object is needed by this one: a static program, or musl's libc and linker. */
static bool is_self_contained(const struct elf_image *image)
{
	const Elf64_Phdr *segments;
	size_t nr;

	segments = elf_image_segments(image, &nr);
	for (size_t i = 0; i < nr; i++) {
		struct elf_span span;

		if (segments[i].p_type == PT_INTERP)
			return false;
		if (segments[i].p_type != PT_DYNAMIC)
			continue;
		span = elf_image_at_vaddr(image, segments[i].p_vaddr);
		for (size_t pos = 0; span.size - pos >= sizeof(Elf64_Dyn);
		     pos += sizeof(Elf64_Dyn)) {
			Elf64_Dyn dynamic;

			memcpy(&dynamic, span.data + pos, sizeof(dynamic));
			if (dynamic.d_tag == DT_NULL)
				break;
			if (dynamic.d_tag == DT_NEEDED)
				return false;
		}
	}
	return true;
}

static bool has_signal_cfi(const struct cfi_input *input)
{
	for (uint32_t i = 0; i < input->cies.nr; i++)
		if (input->cies.cies[i].context.is_signal_frame)
			return true;
	return false;
}

static void add_trampolines(struct cfi_input *input, const struct elf_image *image)
{
	const struct cfi_state signal = {.cfa = cfi_cfa(CFA_SIGNAL, 0, 0)};
	struct scan scan = {.input = input,
			    .image = image,
			    .budget = 2 * (uint64_t)input->size,
			    .cie = cie_table_add_state(&input->cies, signal)};

	if (has_signal_cfi(input))
		return;
	/* musl's build puts plain CFI on its trampoline, which would walk into the ucontext. */
	scan_code(&scan, is_self_contained(image) ? scan_text : scan_holes);
	if (!scan.found.nr)
		return;
	for (size_t i = 0; i < scan.found.nr; i++)
		fde_list_append(&input->ranges, &scan.found.ranges[i]);
	fde_list_settle(&input->ranges);
	fde_list_release(&scan.found);
}

/* Where a thread of musl's begins, which its CFI takes for a call. */
static void scan_thread_start(struct scan *scan, uint32_t begin, uint32_t end)
{
	struct elf_span span = elf_image_at_vaddr(scan->image, scan->input->base + begin);
	size_t size = span.size < end - begin ? span.size : end - begin;
	ptrdiff_t pos;

	if (size > scan->budget || scan->found.nr)
		return;
	scan->budget -= size;
	pos = size ? arch_find_musl_thread(span.data, size) : -1;
	if (pos >= 0)
		append_state(&scan->found, begin + (uint32_t)pos,
			     begin + (uint32_t)pos + ARCH_THREAD_START, scan->cie);
}

static void add_thread_start(struct cfi_input *input, const struct elf_image *image)
{
	const struct cfi_state stop = {.cfa = cfi_cfa_none(NONE_GAP),
				       .regs = cfi_with_ra(0, RA_STATE_UNDEFINED, 0)};
	struct scan scan = {.input = input, .image = image, .budget = 2 * (uint64_t)input->size};

	if (!is_self_contained(image))
		return;
	scan_code(&scan, scan_thread_start);
	if (!scan.found.nr)
		return;
	scan.found.ranges[0].cie = cie_table_add_state(&input->cies, stop);
	fde_list_append(&input->ranges, &scan.found.ranges[0]);
	fde_list_settle(&input->ranges);
	fde_list_release(&scan.found);
}

/*
 * glibc's crti.S and crtn.S, which frame .init and .fini in every program and have no CFI: the
 * stack is aligned with a subtraction at the start, undone right before the return at the end.
 */
static void add_frame_stub(struct cfi_input *input, const struct elf_image *image,
			   const Elf64_Shdr *section)
{
	struct arch_init_stub stub;
	struct elf_span span = elf_image_at_vaddr(image, section->sh_addr);
	uint32_t begin, end = (uint32_t)section->sh_size;
	struct fde_list list = {0};
	struct cfi_state flat = {.cfa = cfi_cfa(CFA_REG, DW_REG_RSP, 8)};
	struct cfi_state framed = {.cfa = cfi_cfa(CFA_REG, DW_REG_RSP, 16)};
	uint32_t flat_cie, framed_cie;

	if (section->sh_addr < input->base || section->sh_size > span.size ||
	    section->sh_addr - input->base + section->sh_size > input->size ||
	    !arch_find_init_stub(span.data, section->sh_size, &stub))
		return;
	begin = (uint32_t)(section->sh_addr - input->base);
	flat_cie = cie_table_add_state(&input->cies, flat);
	framed_cie = cie_table_add_state(&input->cies, framed);
	append_state(&list, begin, begin + stub.framed_from, flat_cie);
	append_state(&list, begin + stub.framed_from, begin + stub.framed_to, framed_cie);
	append_state(&list, begin + stub.framed_to, begin + end, flat_cie);
	fde_list_fill(&input->ranges, &list);
	fde_list_release(&list);
}

static void add_frame_stubs(struct cfi_input *input, const struct elf_image *image)
{
	size_t nr;
	const Elf64_Shdr *sections = elf_image_sections(image, &nr);

	for (size_t i = 0; i < nr; i++) {
		const char *name = elf_image_section_name(image, i);

		if (sections[i].sh_flags & SHF_EXECINSTR &&
		    (strcmp(name, ".init") == 0 || strcmp(name, ".fini") == 0))
			add_frame_stub(input, image, &sections[i]);
	}
}

void known_code_add(struct cfi_input *input, const struct elf_image *image)
{
	add_entry_stub(input, image);
	add_frame_stubs(input, image);
	add_trampolines(input, image);
	add_thread_start(input, image);
	context_start_add(input, image);
}
