/* SPDX-License-Identifier: MIT */
#include "unwind/code_rows.h"

#include "common/alloc.h"
#include "common/elf_image.h"
#include "unwind/cfi_input.h"
#include "unwind/code_flow.h"

#include <stdlib.h>
#include <string.h>

#define MIN_HOLE    16			 /* shorter ones are alignment */
#define MAX_SYMBOLS ((uint64_t)1 << 30)	 /* bytes of symbol tables; they may overlap, too */
#define MAX_BYTES   ((uint64_t)64 << 20) /* of code followed in one object; sections may overlap */

struct code_rows {
	struct cfi_input *input;
	struct elf_image *image;
	uint64_t budget;
	uint32_t *entries; /* ascending */
	size_t nr_entries, cap_entries;
	struct code_flow *flow;
	struct fde_list list;
	/* The last state, as functions have few of them in a row. */
	struct flow_state state;
	uint32_t cie;
	bool has_cie;
};

static int compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static bool is_described(const struct cfi_input *input, uint32_t addr)
{
	size_t i = fde_list_find(&input->ranges, addr);

	return i < input->ranges.nr && input->ranges.ranges[i].begin <= addr;
}

/* Of described code nobody asks, and nearly all is: sorting its symbols cost more than the rest. */
static void take_symbols(struct code_rows *rows, struct elf_span table)
{
	const struct cfi_input *input = rows->input;

	for (size_t off = 0; off + sizeof(Elf64_Sym) <= table.size; off += sizeof(Elf64_Sym)) {
		unsigned int type;
		Elf64_Sym symbol;

		memcpy(&symbol, table.data + off, sizeof(symbol));
		type = ELF64_ST_TYPE(symbol.st_info);
		if ((type != STT_FUNC && type != STT_GNU_IFUNC) || symbol.st_shndx == SHN_UNDEF ||
		    symbol.st_value < input->base || symbol.st_value >= input->base + input->size)
			continue;
		if (is_described(input, (uint32_t)(symbol.st_value - input->base)))
			continue;
		GROW_ARRAY(rows->entries, rows->nr_entries, rows->cap_entries);
		rows->entries[rows->nr_entries++] = (uint32_t)(symbol.st_value - input->base);
	}
}

static void find_entries(struct code_rows *rows)
{
	uint64_t budget = MAX_SYMBOLS;
	const Elf64_Shdr *sections;
	struct elf_span span;
	size_t nr;

	sections = elf_image_sections(rows->image, &nr);
	for (size_t i = 0; i < nr; i++) {
		if ((sections[i].sh_type != SHT_SYMTAB && sections[i].sh_type != SHT_DYNSYM) ||
		    elf_image_section_data(rows->image, i, &span) < 0 || span.size > budget)
			continue;
		budget -= span.size;
		take_symbols(rows, span);
	}
	if (rows->nr_entries)
		qsort(rows->entries, rows->nr_entries, sizeof(*rows->entries), compare_u32);
}

static struct cfi_state cfi_state_of(const struct flow_state *s)
{
	struct cfi_state state = {.regs = cfi_with_derived(0)};

	if (s->is_outermost)
		return (struct cfi_state){.cfa = cfi_cfa_none(NONE_GAP),
					  .regs = cfi_with_ra(0, RA_STATE_UNDEFINED, 0)};
	if (s->rbp_saved)
		state.regs = cfi_with_rbp_at(state.regs, RBP_STATE_SAVED, -s->rbp_saved);
	if (s->frame)
		state.cfa = cfi_cfa(CFA_REG, DW_REG_RBP, s->frame);
	else
		state.cfa = cfi_cfa(CFA_REG, DW_REG_RSP, s->depth);
	return state;
}

static void append(struct code_rows *rows, uint32_t begin, uint32_t end,
		   const struct flow_state *state)
{
	struct cfi_range range = {.begin = begin, .start = begin, .end = end};

	if (!state->depth && !state->frame && !state->is_outermost)
		return;
	if (!rows->has_cie || !flow_state_equal(&rows->state, state)) {
		rows->cie = cie_table_add_state(&rows->input->cies, cfi_state_of(state));
		rows->state = *state;
		rows->has_cie = true;
	}
	range.cie = rows->cie;
	fde_list_append(&rows->list, &range);
}

static size_t first_entry(const struct code_rows *rows, uint32_t pos)
{
	size_t low = 0, high = rows->nr_entries;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (rows->entries[middle] < pos)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Follows the code [begin, end), which nothing describes. */
static void add_hole(struct code_rows *rows, uint32_t begin, uint32_t end)
{
	struct elf_span span = elf_image_at_vaddr(rows->image, rows->input->base + begin);
	uint32_t pos = 0, from, to, *entries;
	struct flow_state state;
	size_t nr = 0, first;

	if (end - begin < MIN_HOLE || end - begin > rows->budget || span.size < end - begin)
		return;
	rows->budget -= end - begin;
	first = first_entry(rows, begin);
	while (first + nr < rows->nr_entries && rows->entries[first + nr] < end)
		nr++;
	entries = xcalloc(nr, sizeof(*entries));
	for (size_t i = 0; i < nr; i++)
		entries[i] = rows->entries[first + i] - begin;
	code_flow_follow(rows->flow, span.data, end - begin, span.vaddr, entries, nr);
	while (code_flow_next(rows->flow, pos, &from, &to, &state)) {
		append(rows, begin + from, begin + to, &state);
		pos = to;
	}
	free(entries);
}

/* The holes between described code in [begin, end). */
static void add_holes(struct code_rows *rows, uint32_t begin, uint32_t end)
{
	const struct fde_list *ranges = &rows->input->ranges;
	size_t i = fde_list_find(ranges, begin);
	uint32_t cursor = begin;

	for (; i < ranges->nr && ranges->ranges[i].begin < end; i++) {
		if (ranges->ranges[i].begin > cursor)
			add_hole(rows, cursor, ranges->ranges[i].begin);
		if (ranges->ranges[i].end > cursor)
			cursor = ranges->ranges[i].end;
	}
	if (cursor < end)
		add_hole(rows, cursor, end);
}

void code_rows_add(struct cfi_input *input, struct elf_image *image)
{
	struct code_rows rows = {.input = input, .image = image, .budget = MAX_BYTES};
	const Elf64_Shdr *sections;
	size_t nr;

	rows.flow = code_flow_new();
	find_entries(&rows);
	sections = elf_image_sections(image, &nr);
	for (size_t i = 0; i < nr; i++) {
		const Elf64_Shdr *s = &sections[i];

		if (s->sh_type == SHT_PROGBITS && s->sh_flags & SHF_EXECINSTR &&
		    s->sh_addr >= input->base && s->sh_size <= input->size &&
		    s->sh_addr - input->base <= input->size - s->sh_size)
			add_holes(&rows, (uint32_t)(s->sh_addr - input->base),
				  (uint32_t)(s->sh_addr - input->base + s->sh_size));
	}
	fde_list_settle(&rows.list);
	fde_list_fill(&input->ranges, &rows.list);
	fde_list_release(&rows.list);
	code_flow_free(rows.flow);
	free(rows.entries);
}
