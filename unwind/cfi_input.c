/* SPDX-License-Identifier: MIT */
#include "unwind/cfi_input.h"

#include "common/elf_image.h"
#include "common/log.h"
#include "unwind/cfi_bytes.h"
#include "unwind/code_rows.h"
#include "unwind/dwarf_constants.h"
#include "unwind/go_rows.h"
#include "unwind/known_code.h"
#include "unwind/odd_code.h"
#include "unwind/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ELF_PAGE_SIZE ((uint64_t)4096)
#define WORTH_CUTTING ((uint32_t)16 << 10) /* bytes of text; 64 bytes of index */
/* A table addresses its text with 32 bits; the last of them stay free for "nowhere". */
#define MAX_TEXT_SPREAD (((uint64_t)1 << 32) - ((uint64_t)1 << 20))

static int compare_text(const void *a, const void *b)
{
	const struct text_range *x = a, *y = b;

	return (x->begin > y->begin) - (x->begin < y->begin);
}

/* The executable segments, as far as the file fills them, in whole pages. */
static void find_text(struct cfi_input *input, const struct elf_image *image)
{
	const Elf64_Phdr *segments;
	size_t nr, out = 0;

	segments = elf_image_segments(image, &nr);
	for (size_t i = 0; i < nr && input->nr_text < CFI_MAX_TEXT; i++) {
		struct elf_span span;

		if (segments[i].p_type != PT_LOAD || !(segments[i].p_flags & PF_X))
			continue;
		span = elf_image_at_vaddr(image, segments[i].p_vaddr);
		if (!span.size || span.vaddr > UINT64_MAX - span.size - ELF_PAGE_SIZE)
			continue;
		input->text[input->nr_text++] = (struct text_range){
			.begin = span.vaddr & ~(ELF_PAGE_SIZE - 1),
			.end = (span.vaddr + span.size + ELF_PAGE_SIZE - 1) & ~(ELF_PAGE_SIZE - 1)};
	}
	qsort(input->text, input->nr_text, sizeof(input->text[0]), compare_text);
	for (size_t i = 1; i < input->nr_text; i++) {
		if (input->text[i].begin > input->text[out].end)
			input->text[++out] = input->text[i];
		else if (input->text[i].end > input->text[out].end)
			input->text[out].end = input->text[i].end;
	}
	if (input->nr_text)
		input->nr_text = out + 1;
}

/* The whole PT_LOAD that holds @vaddr: what a section without headers may be spread over. */
static struct elf_span segment_around(const struct elf_image *image, uint64_t vaddr)
{
	const Elf64_Phdr *segments;
	size_t nr;

	segments = elf_image_segments(image, &nr);
	for (size_t i = 0; i < nr; i++) {
		struct elf_span span;

		if (segments[i].p_type != PT_LOAD)
			continue;
		span = elf_image_at_vaddr(image, segments[i].p_vaddr);
		if (vaddr >= span.vaddr && vaddr - span.vaddr < span.size)
			return span;
	}
	return (struct elf_span){0};
}

/* Makes @span a section to read.  False if it is empty or too large. */
static bool add_section(struct cfi_input *input, struct elf_span span, bool is_debug_frame)
{
	if (!span.size || span.size > UINT32_MAX - 16)
		return false;
	input->sections[input->nr_sections++] = (struct cfi_section){
		.data = span.data,
		.size = (uint32_t)span.size,
		.vaddr = span.vaddr,
		.is_debug_frame = is_debug_frame,
	};
	return true;
}

static struct fde_source last_section(struct cfi_input *input)
{
	return (struct fde_source){
		.sections = input->sections,
		.index = (uint8_t)(input->nr_sections - 1),
		.cies = &input->cies,
		.text = input->text,
		.nr_text = input->nr_text,
		.base = input->base,
	};
}

static void take_fdes(struct cfi_input *input, struct fde_list *list,
		      const struct fde_source *source)
{
	input->fdes += list->nr;
	input->bad_fdes += source->bad_fdes;
	fde_list_settle(list);
	if (!input->ranges.nr) {
		fde_list_release(&input->ranges);
		input->ranges = *list;
		return;
	}
	fde_list_fill(&input->ranges, list);
	fde_list_release(list);
}

/* True when PT_GNU_EH_FRAME led to FDEs. */
static bool collect_by_header(struct cfi_input *input, const struct elf_image *image,
			      struct elf_span header)
{
	struct fde_source source;
	struct fde_list list = {0};
	struct cfi_value pointer;
	struct elf_span segment;

	if (header.size < 8)
		return false;
	pointer = cfi_read_pointer(header.data + 4, header.data + header.size, header.data[1],
				   header.vaddr + 4, header.vaddr);
	segment = segment_around(image, pointer.value);
	if (header.data[0] != 1 || !pointer.next || !add_section(input, segment, false))
		return false;
	source = last_section(input);
	if (fde_list_read_header(&list, &source, header) < 0) {
		log_debug("search table of .eh_frame_hdr not usable: walking .eh_frame");
		fde_list_walk(&list, &source, (uint32_t)(pointer.value - segment.vaddr));
	}
	take_fdes(input, &list, &source);
	return input->ranges.nr > 0;
}

static void collect_section(struct cfi_input *input, struct elf_image *image, const char *name,
			    bool is_debug_frame)
{
	struct fde_source source;
	struct fde_list list = {0};
	struct elf_span span;

	if (elf_image_section_by_name(image, name, &span) < 0 ||
	    !add_section(input, span, is_debug_frame))
		return;
	source = last_section(input);
	fde_list_walk(&list, &source, 0);
	take_fdes(input, &list, &source);
}

static void collect_eh_frame(struct cfi_input *input, struct elf_image *image)
{
	const Elf64_Phdr *segments;
	size_t nr;

	/* The segment is what unwinders use at run time; a section of that name may be a relic. */
	segments = elf_image_segments(image, &nr);
	for (size_t i = 0; i < nr; i++)
		if (segments[i].p_type == PT_GNU_EH_FRAME &&
		    collect_by_header(input, image, elf_image_at_vaddr(image, segments[i].p_vaddr)))
			return;
	collect_section(input, image, ".eh_frame", false);
}

/*
 * A segment may hold far more than code (read-only data, embedded images), which is worth no index.
 * A few KiB are: a mapping that ends with its table is one range for the kernel, not two.
 */
static void find_known(struct cfi_input *input)
{
	const uint32_t block = (uint32_t)1 << CTRACE_BLOCK_SHIFT;
	uint32_t begin = input->ranges.ranges[0].begin;
	uint32_t end = input->ranges.ranges[input->ranges.nr - 1].end;

	input->known_begin = begin < WORTH_CUTTING ? 0 : begin & ~(block - 1);
	input->known_end = input->size - end < WORTH_CUTTING ? input->size
							     : (end + block - 1) & ~(block - 1);
}

int cfi_input_collect(struct cfi_input *input, struct elf_image *image,
		      const struct unwind_options *options, bool follow_rbx)
{
	const uint64_t block = (uint64_t)1 << CTRACE_BLOCK_SHIFT;
	uint64_t end;

	memset(input, 0, sizeof(*input));
	cie_table_init(&input->cies);
	input->cies.follow_rbx = follow_rbx;
	if (elf_image_header(image)->e_machine != EM_X86_64)
		return -ENODATA;
	find_text(input, image);
	if (!input->nr_text)
		return -ENODATA;
	input->base = input->text[0].begin & ~(block - 1);
	end = input->text[input->nr_text - 1].end;
	if (end - input->base > MAX_TEXT_SPREAD)
		return -E2BIG;
	input->size = (uint32_t)((end - input->base + block - 1) & ~(block - 1));

	collect_eh_frame(input, image);
	if (!options->cfi_only)
		go_rows_add(input, image);
	collect_section(input, image, ".debug_frame", true);
	if (options->debug_image)
		collect_section(input, options->debug_image, ".debug_frame", true);
	if (!input->ranges.nr && input->bad_fdes)
		return -EBADMSG;
	if (unwind_should_stop(options))
		return -ECANCELED;
	if (!options->no_text)
		known_code_add(input, image);
	if (!options->cfi_only) {
		code_rows_add(input, image);
		odd_code_add(input, image);
	}
	if (!input->ranges.nr)
		return -ENODATA;
	find_known(input);
	return 0;
}

void cfi_input_release(struct cfi_input *input)
{
	fde_list_release(&input->ranges);
	cie_table_release(&input->cies);
}
