/* SPDX-License-Identifier: MIT */
#include "unwind/context_start.h"

#include "unwind/arch_x86_64.h"
#include "unwind/cfi_input.h"

#include <string.h>

static const char libc_name[] = "libc.so.6";

/* What the dynamic section tells of an object's place among others. */
struct dynamic_facts {
	uint64_t strings; /* vaddr */
	uint64_t soname;  /* in them */
	bool has_soname;
	bool has_interpreter;
};

static struct dynamic_facts read_dynamic(const struct elf_image *image)
{
	struct dynamic_facts facts = {0};
	const Elf64_Phdr *segments;
	struct elf_span span;
	size_t nr;

	segments = elf_image_segments(image, &nr);
	for (size_t i = 0; i < nr; i++) {
		if (segments[i].p_type == PT_INTERP)
			facts.has_interpreter = true;
		if (segments[i].p_type != PT_DYNAMIC)
			continue;
		span = elf_image_at_vaddr(image, segments[i].p_vaddr);
		for (size_t pos = 0; span.size - pos >= sizeof(Elf64_Dyn);
		     pos += sizeof(Elf64_Dyn)) {
			Elf64_Dyn dynamic;

			memcpy(&dynamic, span.data + pos, sizeof(dynamic));
			if (dynamic.d_tag == DT_NULL)
				break;
			if (dynamic.d_tag == DT_STRTAB)
				facts.strings = dynamic.d_un.d_ptr;
			if (dynamic.d_tag != DT_SONAME)
				continue;
			facts.has_soname = true;
			facts.soname = dynamic.d_un.d_val;
		}
	}
	return facts;
}

static bool may_have_one(const struct elf_image *image)
{
	struct dynamic_facts facts = read_dynamic(image);
	struct elf_span name;

	if (!facts.has_soname)
		return !facts.has_interpreter;
	name = elf_image_at_vaddr(image, facts.strings + facts.soname);
	return name.size >= sizeof(libc_name) &&
	       memcmp(name.data, libc_name, sizeof(libc_name)) == 0;
}

/*
 * The function returns to the first byte, so that the byte before is looked up: a padding, which
 * belongs to nobody.
 */
void context_start_add(struct cfi_input *input, const struct elf_image *image)
{
	const struct cfi_state stop = {.cfa = cfi_cfa_none(NONE_GAP),
				       .regs = cfi_with_ra(0, RA_STATE_UNDEFINED, 0)};

	if (!may_have_one(image))
		return;
	for (size_t i = 0; i < input->ranges.nr; i++) {
		const struct cfi_range *r = &input->ranges.ranges[i];
		struct cfi_range before = {.begin = r->begin - 1, .end = r->begin};
		struct fde_list list = {0};
		struct elf_span code;

		if (r->begin == 0 || r->begin != r->start || r->end - r->begin > 64)
			continue;
		code = elf_image_at_vaddr(image, input->base + r->begin);
		if (!arch_is_context_start(code.data, code.size))
			continue;
		before.start = before.begin;
		before.cie = cie_table_add_state(&input->cies, stop);
		fde_list_append(&list, &before);
		fde_list_fill(&input->ranges, &list);
		fde_list_release(&list);
		return;
	}
}
