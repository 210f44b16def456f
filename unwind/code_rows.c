/* SPDX-License-Identifier: MIT */
#include "unwind/code_rows.h"

#include "common/alloc.h"
#include "common/elf_image.h"
#include "unwind/arch_x86_64.h"
#include "unwind/cfi_bytes.h"
#include "unwind/cfi_input.h"
#include "unwind/code_flow.h"
#include "unwind/x86_code.h"

#include <stdlib.h>
#include <string.h>

#define MIN_HOLE 16 /* shorter ones are alignment */
#define MAX_ENTRIES_BYTES                                                                  \
	((uint64_t)1 << 30)		/* of tables that name functions; they may overlap \
					 */
#define MAX_BYTES ((uint64_t)256 << 20) /* of code followed in one object; sections may overlap */

/*
 * Code whose functions set up frame pointers is walked without rows too, if less exactly: of very
 * much of it (a browser) only a part is followed, for time.
 */
#define MAX_FRAMED   ((uint64_t)64 << 20)
#define FRAMED_BYTES 1024 /* of code for each function that sets one up */

/* Much code is followed in pieces, which caches hold. */
#define MUCH_CODE   (8 << 20)
#define PIECE_BYTES (256 << 10)

/*
 * GHC's code runs in the frame of StgRun, which jumps to it: it keeps rsp, calls C, and returns to
 * nobody.  StgRun's CFI says how deep that is, by a caller's stack pointer (val_expression of rsp,
 * of the form rsp+N) that is not the CFA; StgRun.c has rbp saved below rip, r15 ... r12.  In such
 * programs all else has CFI.
 */
#define RESIDENT_RBP 48
#define MAX_DETOUR   128 /* bytes of code around a call of C, for its arguments */

#define KNOWN_BITS 9

struct known_state {
	struct flow_state state;
	uint32_t cie;
	bool is_used;
};

struct code_rows {
	struct cfi_input *input;
	struct elf_image *image;
	uint64_t budget, framed_budget;
	uint32_t hole;	   /* being followed */
	uint32_t *entries; /* ascending */
	size_t nr_entries, cap_entries;
	struct flow_state resident;
	struct code_flow *flow;
	struct fde_list list;
	/* States met before: there are hundreds, and millions of stretches. */
	struct known_state known[1 << KNOWN_BITS];
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
static void take_entry(struct code_rows *rows, uint64_t vaddr)
{
	const struct cfi_input *input = rows->input;

	if (vaddr < input->base || vaddr - input->base >= input->size ||
	    is_described(input, (uint32_t)(vaddr - input->base)))
		return;
	GROW_ARRAY(rows->entries, rows->nr_entries, rows->cap_entries);
	rows->entries[rows->nr_entries++] = (uint32_t)(vaddr - input->base);
}

static void take_symbols(struct code_rows *rows, struct elf_span table)
{
	for (size_t off = 0; off + sizeof(Elf64_Sym) <= table.size; off += sizeof(Elf64_Sym)) {
		unsigned int type;
		Elf64_Sym symbol;

		memcpy(&symbol, table.data + off, sizeof(symbol));
		type = ELF64_ST_TYPE(symbol.st_info);
		if ((type == STT_FUNC || type == STT_GNU_IFUNC) && symbol.st_shndx != SHN_UNDEF)
			take_entry(rows, symbol.st_value);
	}
}

/* Pointers to functions, in vtables and elsewhere, where the loader fills them in. */
static void take_relocations(struct code_rows *rows, struct elf_span table)
{
	for (size_t off = 0; off + sizeof(Elf64_Rela) <= table.size; off += sizeof(Elf64_Rela)) {
		Elf64_Rela r;

		memcpy(&r, table.data + off, sizeof(r));
		if (ELF64_R_TYPE(r.r_info) == R_X86_64_RELATIVE ||
		    ELF64_R_TYPE(r.r_info) == R_X86_64_IRELATIVE)
			take_entry(rows, (uint64_t)r.r_addend);
	}
}

/* The same where the linker has: a program that lies where it was linked to. */
static void take_pointers(struct code_rows *rows, struct elf_span data)
{
	for (size_t off = 0; off + sizeof(uint64_t) <= data.size; off += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, data.data + off, sizeof(word));
		if (word - rows->input->base < rows->input->size)
			take_entry(rows, word);
	}
}

static void find_entries(struct code_rows *rows)
{
	uint64_t budget = MAX_ENTRIES_BYTES;
	const Elf64_Shdr *sections;
	struct elf_span span;
	size_t nr;

	sections = elf_image_sections(rows->image, &nr);
	for (size_t i = 0; i < nr; i++) {
		const Elf64_Shdr *s = &sections[i];
		bool is_data = (s->sh_type == SHT_PROGBITS || s->sh_type == SHT_INIT_ARRAY ||
				s->sh_type == SHT_FINI_ARRAY) &&
			       s->sh_flags & SHF_ALLOC && !(s->sh_flags & SHF_EXECINSTR) &&
			       s->sh_addr % 8 == 0;
		bool is_linked = elf_image_header(rows->image)->e_type == ET_EXEC;

		if ((s->sh_type != SHT_SYMTAB && s->sh_type != SHT_DYNSYM &&
		     s->sh_type != SHT_RELA && !(is_data && is_linked)) ||
		    elf_image_section_data(rows->image, i, &span) < 0 || span.size > budget)
			continue;
		budget -= span.size;
		if (is_data)
			take_pointers(rows, span);
		else if (s->sh_type == SHT_RELA)
			take_relocations(rows, span);
		else
			take_symbols(rows, span);
	}
	if (rows->nr_entries)
		qsort(rows->entries, rows->nr_entries, sizeof(*rows->entries), compare_u32);
}

/* The DWARF number of a register of instructions (psABI, figure 3.36). */
static int32_t dwarf_number(uint8_t reg)
{
	static const int32_t numbers[] = {0, 2, 1, 3, 7, 6, 4, 5};

	return reg < 8 ? numbers[reg] : reg;
}

static struct cfi_state cfi_state_of(const struct flow_state *s)
{
	struct cfi_state state = {.regs = cfi_with_derived(0)};

	if (s->is_outermost)
		return (struct cfi_state){.cfa = cfi_cfa_none(NONE_GAP),
					  .regs = cfi_with_ra(0, RA_STATE_UNDEFINED, 0)};
	if (s->rbp_saved)
		state.regs = cfi_with_rbp_at(state.regs, RBP_STATE_SAVED, -s->rbp_saved);
	else if (s->phase >= REALIGN_FRAMED)
		state.regs = cfi_with_rbp_at(state.regs, RBP_STATE_DEREF_RBP, 0);
	if (s->depth)
		state.cfa = cfi_cfa(CFA_REG, DW_REG_RSP, s->depth);
	else if (s->frame)
		state.cfa = cfi_cfa(CFA_REG, DW_REG_RBP, s->frame);
	else if (s->phase == REALIGN_SAVED)
		state.cfa = cfi_cfa(CFA_DEREF_RBP, 0, s->slot);
	else
		state.cfa = cfi_cfa(CFA_REG, dwarf_number(s->reg), 0);
	return state;
}

static uint32_t known_slot(const struct flow_state *s)
{
	uint32_t hash = (uint32_t)s->depth * 0x9e3779b1u ^ (uint32_t)s->frame * 0x85ebca6bu ^
			(uint32_t)s->rbp_saved * 0xc2b2ae35u ^ (uint32_t)s->slot * 0x27d4eb2fu ^
			s->is_outermost;

	return hash >> (32 - KNOWN_BITS);
}

static void append(void *arg, uint32_t begin, uint32_t end, const struct flow_state *state)
{
	struct code_rows *rows = arg;
	struct cfi_range range = {
		.begin = rows->hole + begin, .start = rows->hole + begin, .end = rows->hole + end};

	struct known_state *known = &rows->known[known_slot(state)];

	if (!known->is_used || !flow_state_equal(&known->state, state))
		*known = (struct known_state){
			*state, cie_table_add_state(&rows->input->cies, cfi_state_of(state)), true};
	range.cie = known->cie;
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

/* Behind "sub $N,%rsp" at @code: up to where an addition takes that back.  0: it does not. */
static uint32_t detour_end(const uint8_t *code, uint32_t size, int64_t depth)
{
	uint32_t pos = 0;

	while (pos < MAX_DETOUR && pos < size) {
		struct x86_insn insn = x86_decode(code + pos, size - pos);

		if (insn.kind == X86_MOVE_RSP)
			return insn.value == depth ? pos + insn.length : 0;
		if (insn.kind != X86_OTHER && insn.kind != X86_CALL && insn.kind != X86_ADDRESS)
			return 0;
		pos += insn.length;
	}
	return 0;
}

/* GHC's code [begin, end): in its one frame throughout, but where it aligns the stack to call C. */
static void add_resident(struct code_rows *rows, const uint8_t *code, uint32_t size)
{
	uint32_t cursor = 0, pos = 0;

	while ((pos += (uint32_t)arch_find_sub_rsp(code + pos, size - pos)) < size) {
		struct x86_insn insn = x86_decode(code + pos, size - pos);
		struct flow_state deeper = rows->resident;
		uint32_t end, begin = pos + (insn.length ? insn.length : 1);

		pos = begin;
		end = insn.kind == X86_MOVE_RSP && insn.value < 0
			      ? detour_end(code + pos, size - pos, -insn.value)
			      : 0;
		if (!end)
			continue;
		deeper.depth -= (int32_t)insn.value;
		append(rows, cursor, begin, &rows->resident);
		append(rows, begin, begin + end, &deeper);
		cursor = pos = begin + end;
	}
	if (cursor < size)
		append(rows, cursor, size, &rows->resident);
}

/* Follows the code [begin, end), whose bytes are at @code. */
static void follow_piece(struct code_rows *rows, const uint8_t *code, uint32_t begin, uint32_t end)
{
	size_t nr = 0, first = first_entry(rows, begin);
	uint32_t *entries;

	while (first + nr < rows->nr_entries && rows->entries[first + nr] < end)
		nr++;
	entries = xcalloc(nr, sizeof(*entries));
	for (size_t i = 0; i < nr; i++)
		entries[i] = rows->entries[first + i] - begin;
	code_flow_follow(rows->flow, code, end - begin, rows->input->base + begin, entries, nr);
	rows->hole = begin;
	code_flow_each(rows->flow, append, rows);
	free(entries);
}

/*
 * Bytes of a piece to follow at once, of the @size at @code, which run at @vaddr: all, or up to
 * padding where a function may begin.
 */
static uint32_t piece_size(const uint8_t *code, uint32_t size, uint64_t vaddr)
{
	if (size <= MUCH_CODE)
		return size;
	for (uint32_t pos = PIECE_BYTES; pos > PIECE_BYTES / 2; pos--)
		if ((vaddr + pos) % 16 == 0 && (code[pos - 1] == 0xcc || code[pos - 1] == 0x90))
			return pos;
	return PIECE_BYTES;
}

/* Says of the code [begin, end) that its functions set up frame pointers. */
static void leave_framed(struct code_rows *rows, uint32_t begin, uint32_t end)
{
	const struct cfi_state state = {.cfa = cfi_cfa_none(NONE_FRAMED)};
	const struct cfi_range range = {.begin = begin,
					.start = begin,
					.end = end,
					.cie = cie_table_add_state(&rows->input->cies, state)};

	fde_list_append(&rows->list, &range);
}

/* Follows the code [begin, end), which nothing describes. */
static void add_hole(struct code_rows *rows, uint32_t begin, uint32_t end)
{
	struct elf_span span = elf_image_at_vaddr(rows->image, rows->input->base + begin);
	const uint8_t *code = span.data;

	if (span.size < end - begin)
		return;
	if (rows->resident.depth) {
		rows->hole = begin;
		add_resident(rows, code, end - begin);
		return;
	}
	if (end - begin < MIN_HOLE || end - begin > rows->budget)
		return;
	rows->budget -= end - begin;
	while (begin < end) {
		uint32_t size = piece_size(code, end - begin, rows->input->base + begin);
		bool is_framed = arch_count_frames(code, size) > size / FRAMED_BYTES;

		if (!is_framed || size <= rows->framed_budget)
			follow_piece(rows, code, begin, begin + size);
		else
			leave_framed(rows, begin, begin + size);
		if (is_framed)
			rows->framed_budget -= size < rows->framed_budget ? size
									  : rows->framed_budget;
		code += size;
		begin += size;
	}
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

/* Is most of the text undescribed? */
static bool is_mostly_holes(const struct cfi_input *input)
{
	uint64_t described = 0, text = 0;

	for (size_t i = 0; i < input->ranges.nr; i++)
		described += input->ranges.ranges[i].end - input->ranges.ranges[i].begin;
	for (size_t i = 0; i < input->nr_text; i++)
		text += input->text[i].end - input->text[i].begin;
	return described < text / 2;
}

/* How deep the stack is below StgRun; 0: this is no program of GHC's. */
static int32_t find_resident(const struct cfi_input *input)
{
	/*
	 * DW_CFA_offset_extended_sf of the return address, two bytes' worth; DW_CFA_val_expression
	 * of rsp, 4 bytes: DW_OP_breg7, a number of 3 bytes.
	 */
	static const uint8_t return_far_off[] = {0x11, DW_REG_RA};
	static const uint8_t caller_rsp[] = {0x16, DW_REG_RSP, 4, 0x77};

	if (!is_mostly_holes(input))
		return 0;
	for (size_t i = 0; i < input->nr_sections; i++) {
		const struct cfi_section *s = &input->sections[i];
		const uint8_t *found = memmem(s->data, s->size, caller_rsp, sizeof(caller_rsp));
		struct cfi_value depth;

		if (!found || found - s->data < 4 || memcmp(found - 4, return_far_off, 2) != 0)
			continue;
		depth = cfi_read_sleb(found + sizeof(caller_rsp), s->data + s->size);
		if (depth.next && depth.value >= RESIDENT_RBP && depth.value <= 1 << 20)
			return (int32_t)depth.value;
	}
	return 0;
}

void code_rows_add(struct cfi_input *input, struct elf_image *image)
{
	struct code_rows rows = {
		.input = input, .image = image, .budget = MAX_BYTES, .framed_budget = MAX_FRAMED};
	const Elf64_Shdr *sections;
	size_t nr;

	rows.flow = code_flow_new();
	rows.resident.depth = find_resident(input);
	rows.resident.rbp_saved = rows.resident.depth ? RESIDENT_RBP : 0;
	if (!rows.resident.depth)
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
