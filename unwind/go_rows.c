/* SPDX-License-Identifier: MIT */
#include "unwind/go_rows.h"

#include "common/elf_image.h"
#include "unwind/arch_x86_64.h"
#include "unwind/cfi_bytes.h"
#include "unwind/cfi_input.h"

#include <string.h>

#define MAGIC_1_2  0xfffffffbu
#define MAGIC_1_16 0xfffffffau
#define MAGIC_1_18 0xfffffff0u
#define MAGIC_1_20 0xfffffff1u

#define HEADER_SIZE	8 /* magic, two zeros, quantum, size of a pointer */
#define MAX_FRAME	((int64_t)1 << 30)
#define MAX_KNOWN_STATE 1024 /* frame sizes given one number each; larger frames are rare */
#define MIN_BUDGET	65536
#define MAX_NAME	64 /* longer ones are nobody we know */

/* Where things are in the table and its functions, by the magic number. */
struct layout {
	uint32_t magic;
	uint8_t word;	    /* bytes of an entry in the list of functions */
	uint8_t text_start; /* word of the header, 0: addresses are absolute */
	uint8_t names;	    /* words of the header; 0: names count from the table */
	uint8_t pctab;
	uint8_t functab;
};

static const struct layout layouts[] = {
	{.magic = MAGIC_1_2, .word = 8},
	{.magic = MAGIC_1_16, .word = 8, .names = 2, .pctab = 5, .functab = 6},
	{.magic = MAGIC_1_18, .word = 4, .text_start = 2, .names = 3, .pctab = 6, .functab = 7},
	{.magic = MAGIC_1_20, .word = 4, .text_start = 2, .names = 3, .pctab = 6, .functab = 7},
};

/* What is special about a function of the runtime. */
enum kind {
	KIND_PLAIN,
	KIND_OUTERMOST,	 /* nobody called it */
	KIND_THREAD,	 /* from its system call and return on: where a thread begins */
	KIND_SIGNAL,	 /* what a signal handler returns to */
	KIND_LEAVES,	 /* goes to another stack for good */
	KIND_TRAMPOLINE, /* calls something on another stack, and comes back */
};

static const struct {
	const char *name;
	enum kind kind;
} special[] = {
	{"runtime.goexit", KIND_OUTERMOST},
	{"runtime.rt0_go", KIND_OUTERMOST},
	{"runtime.clone", KIND_THREAD},
	{"runtime.sigreturn", KIND_SIGNAL},
	{"runtime.sigreturn__sigaction", KIND_SIGNAL},
	{"runtime.mcall", KIND_LEAVES},
	{"runtime.morestack", KIND_LEAVES},
	{"runtime.gogo", KIND_LEAVES},
	{"gogo", KIND_LEAVES},
	{"runtime.systemstack", KIND_TRAMPOLINE},
	{"runtime.asmcgocall", KIND_TRAMPOLINE},
	/* Into the vdso, which wants a large stack; RBP is their own. */
	{"time.now", KIND_TRAMPOLINE},
	{"runtime.nanotime", KIND_TRAMPOLINE},
	{"runtime.nanotime1", KIND_TRAMPOLINE},
	{"runtime.walltime", KIND_TRAMPOLINE},
	{"runtime.walltime1", KIND_TRAMPOLINE},
	{"runtime.vgetrandom1", KIND_TRAMPOLINE},
};

struct go_table {
	struct elf_span span;
	const struct layout *layout;
	uint8_t quantum;
	uint64_t nr_funcs;
	uint64_t functab;
	uint64_t func_base;
	uint64_t names;
	uint64_t pctab;
	uint64_t text_start;
};

/* One function and the ranges made of it. */
struct go_func {
	uint64_t begin;
	uint64_t end;
	uint64_t off;
	enum kind kind;
	struct elf_span code;
	uint64_t switched_from; /* on another stack in [from, to); both 0: never */
	uint64_t switched_to;
};

struct go_rows {
	struct cfi_input *input;
	struct elf_image *image;
	struct go_table table;
	struct fde_list list;
	uint64_t budget; /* steps and bytes of code still to be looked at: functions may share them
			  */
	uint32_t cies[2][MAX_KNOWN_STATE]; /* by RBP saved or not and size / 8; 0: not yet */
};

static uint64_t number_at(const struct go_table *table, uint64_t off, size_t size)
{
	if (off >= table->span.size)
		return 0;
	return cfi_read_fixed(table->span.data + off, table->span.data + table->span.size, size)
		.value;
}

static uint64_t header_word(const struct go_table *table, unsigned int index)
{
	return number_at(table, HEADER_SIZE + (uint64_t)index * 8, 8);
}

static bool read_header(struct go_table *table)
{
	uint32_t magic = (uint32_t)number_at(table, 0, 4);

	if (table->span.size < HEADER_SIZE + 8 || table->span.data[7] != 8)
		return false;
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		if (layouts[i].magic == magic)
			table->layout = &layouts[i];
	if (!table->layout)
		return false;
	table->quantum = table->span.data[6];
	table->nr_funcs = header_word(table, 0);
	table->functab = HEADER_SIZE + 8;
	if (table->layout->functab) {
		table->names = header_word(table, table->layout->names);
		table->pctab = header_word(table, table->layout->pctab);
		table->functab = table->func_base = header_word(table, table->layout->functab);
	}
	return table->nr_funcs < table->span.size / 8 && table->functab < table->span.size;
}

static bool find_table(struct elf_image *image, struct go_table *table)
{
	static const char *const names[] = {".gopclntab", ".data.rel.ro.gopclntab"};
	struct elf_span text;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		*table = (struct go_table){0};
		if (elf_image_section_by_name(image, names[i], &table->span) < 0 ||
		    !read_header(table))
			continue;
		if (table->layout->text_start)
			table->text_start = header_word(table, table->layout->text_start);
		/* A program that is moved when it is loaded has a relocation in this place. */
		if (table->layout->text_start && !table->text_start &&
		    elf_image_section_by_name(image, ".text", &text) == 0)
			table->text_start = text.vaddr;
		return true;
	}
	return false;
}

static enum kind kind_of(const struct go_table *table, const struct go_func *func)
{
	uint64_t off = table->names +
		       (uint32_t)number_at(table, func->off + table->layout->word, 4);
	const char *name;
	size_t left, length;

	if (off >= table->span.size)
		return KIND_PLAIN;
	name = (const char *)table->span.data + off;
	left = table->span.size - off < MAX_NAME ? table->span.size - off : MAX_NAME;
	length = strnlen(name, left);
	if (length > 5 && memcmp(name + length - 5, ".abi0", 5) == 0)
		length -= 5;
	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if (strlen(special[i].name) == length && !memcmp(name, special[i].name, length))
			return special[i].kind;
	return KIND_PLAIN;
}

/* Function @index of the list, without its end.  False: damaged. */
static bool read_func(const struct go_rows *rows, uint64_t index, struct go_func *ret_func)
{
	const struct go_table *table = &rows->table;
	uint64_t at = table->functab + index * 2 * table->layout->word;
	struct go_func func = {0};

	if (at + 2 * (uint64_t)table->layout->word > table->span.size)
		return false;
	func.begin = table->text_start + number_at(table, at, table->layout->word);
	func.off = table->func_base +
		   number_at(table, at + table->layout->word, table->layout->word);
	if (func.off >= table->span.size)
		return false;
	func.kind = kind_of(table, &func);
	*ret_func = func;
	return true;
}

static uint32_t state_number(struct go_rows *rows, int64_t frame, bool rbp_is_saved)
{
	struct cfi_state state = {.cfa = cfi_cfa(CFA_REG, DW_REG_RSP, (int32_t)frame + 8)};
	uint32_t *known = NULL;

	if (!(frame & 7) && frame / 8 < MAX_KNOWN_STATE)
		known = &rows->cies[rbp_is_saved][frame / 8];
	if (known && *known)
		return *known - 1;
	if (rbp_is_saved)
		state.regs = cfi_with_rbp_at(0, RBP_STATE_SAVED, -16);
	if (!known)
		return cie_table_add_state(&rows->input->cies, state);
	*known = cie_table_add_state(&rows->input->cies, state) + 1;
	return *known - 1;
}

static void append(struct go_rows *rows, uint64_t begin, uint64_t end, uint32_t cie)
{
	const struct cfi_input *input = rows->input;

	if (begin < end && begin >= input->base && end <= input->base + input->size) {
		uint32_t at = (uint32_t)(begin - input->base);

		fde_list_append(&rows->list,
				&(struct cfi_range){.begin = at,
						    .start = at,
						    .end = (uint32_t)(end - input->base),
						    .cie = cie});
	}
}

/* [begin, end) with the frame pointer saved from @saved_from on, but for the other stack's part. */
static void append_step(struct go_rows *rows, const struct go_func *func, uint64_t begin,
			uint64_t end, int64_t frame, uint64_t saved_from)
{
	uint64_t edges[] = {begin, saved_from, func->switched_from, func->switched_to, end};
	uint64_t at = begin;

	while (at < end) {
		uint64_t next = end;

		for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++)
			if (edges[i] > at && edges[i] < next)
				next = edges[i];
		if (at < func->switched_from || at >= func->switched_to)
			append(rows, at, next, state_number(rows, frame, at >= saved_from));
		at = next;
	}
}

/*
 * Where the frame pointer is saved after the stack has grown at @pc: at once by a push in front of
 * it, or by the store that follows.
 */
static uint64_t frame_pointer_saved_from(const struct go_func *func, uint64_t pc)
{
	uint64_t at = pc - func->begin;
	size_t length;

	if (pc < func->begin || at >= func->code.size || at < 1)
		return UINT64_MAX;
	length = arch_stores_rbp(func->code.data + at, func->code.size - at);
	if (length)
		return pc + length;
	return arch_is_push_rbp(func->code.data[at - 1]) ? pc : UINT64_MAX;
}

/* Walks the function's table of stack depths. */
static void add_depths(struct go_rows *rows, const struct go_func *func)
{
	const struct go_table *table = &rows->table;
	uint64_t pcsp = (uint32_t)number_at(table, func->off + table->layout->word + 12, 4);
	const uint8_t *end = table->span.data + table->span.size, *p;
	uint64_t pc = func->begin, saved_from = UINT64_MAX;
	int64_t depth = -1;

	if (!pcsp || table->pctab >= table->span.size || pcsp >= table->span.size - table->pctab)
		return;
	p = table->span.data + table->pctab + pcsp;
	for (bool is_first = true; rows->budget && pc < func->end; is_first = false) {
		struct cfi_value value = cfi_read_uleb(p, end), step;
		uint64_t next;

		if (!value.next || (!value.value && !is_first))
			return;
		step = cfi_read_uleb(value.next, end);
		if (!step.next)
			return;
		p = step.next;
		rows->budget--;
		depth += (int32_t)((uint32_t)value.value >> 1 ^ -((uint32_t)value.value & 1));
		if (depth < 0 || depth > MAX_FRAME)
			return;
		next = pc + (uint32_t)step.value * (uint64_t)table->quantum;
		if (next > func->end)
			next = func->end;
		if (depth == 0)
			saved_from = UINT64_MAX;
		else if (saved_from == UINT64_MAX)
			saved_from = frame_pointer_saved_from(func, pc);
		append_step(rows, func, pc, next, depth, saved_from);
		pc = next;
	}
}

static uint32_t special_state(struct go_rows *rows, enum kind kind)
{
	struct cfi_state state = {.cfa = cfi_cfa_none(NONE_GAP),
				  .regs = cfi_with_ra(0, RA_STATE_UNDEFINED, 0)};

	if (kind == KIND_SIGNAL)
		state = (struct cfi_state){.cfa = cfi_cfa(CFA_SIGNAL, 0, 0)};
	/* RBP is still the caller's, whose own frame the runtime keeps out of reach: go on above.
	 */
	if (kind == KIND_TRAMPOLINE)
		state = (struct cfi_state){.cfa = cfi_cfa(CFA_OTHER_STACK, 0, 16),
					   .regs = cfi_with_rbp_at(0, RBP_STATE_SAVED, -16)};
	return cie_table_add_state(&rows->input->cies, state);
}

static void add_func(struct go_rows *rows, struct go_func *func)
{
	func->code = elf_image_at_vaddr(rows->image, func->begin);
	if (func->code.size > func->end - func->begin)
		func->code.size = func->end - func->begin;
	if (func->kind == KIND_OUTERMOST || func->kind == KIND_SIGNAL) {
		/* What the kernel makes look called is looked for a byte early. */
		append(rows, func->begin - (func->kind == KIND_SIGNAL), func->end,
		       special_state(rows, func->kind));
		return;
	}
	if (func->kind == KIND_THREAD) {
		func->switched_from = func->begin +
				      arch_find_thread_start(func->code.data, func->code.size);
		func->switched_to = func->end;
		append(rows, func->switched_from, func->end, special_state(rows, func->kind));
	} else if (func->kind != KIND_PLAIN) {
		struct arch_stack_switch at;

		if (func->code.size > rows->budget)
			return;
		rows->budget -= func->code.size;
		arch_find_stack_switch(func->code.data, func->code.size, &at);
		func->switched_from = func->begin + at.from;
		func->switched_to = func->kind == KIND_LEAVES ? func->end : func->begin + at.to;
		append(rows, func->switched_from, func->switched_to,
		       special_state(rows, func->kind));
	}
	add_depths(rows, func);
}

void go_rows_add(struct cfi_input *input, struct elf_image *image)
{
	struct go_rows rows = {.input = input, .image = image};
	struct go_func func, next;
	bool is_next;

	if (!find_table(image, &rows.table))
		return;
	rows.budget = MIN_BUDGET + rows.table.span.size;
	is_next = read_func(&rows, 0, &next);
	for (uint64_t i = 0; i < rows.table.nr_funcs && is_next; i++) {
		uint64_t at = rows.table.functab + (i + 1) * 2 * rows.table.layout->word;

		func = next;
		/* Behind the last function stands where the text ends. */
		is_next = i + 1 < rows.table.nr_funcs && read_func(&rows, i + 1, &next);
		func.end = rows.table.text_start +
			   number_at(&rows.table, at, rows.table.layout->word);
		if (is_next && next.kind == KIND_SIGNAL)
			func.end--;
		if (func.begin < func.end)
			add_func(&rows, &func);
	}
	fde_list_settle(&rows.list);
	fde_list_fill(&input->ranges, &rows.list);
	fde_list_release(&rows.list);
}
