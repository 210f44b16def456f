/* SPDX-License-Identifier: MIT */
#include "symbolize/gopclntab.h"

#include "common/alloc.h"
#include "common/elf_image.h"
#include "symbolize/dwarf_cursor.h"
#include "symbolize/gomodule.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Where things are in a runtime._func, by version of the table. */
struct func_layout {
	uint8_t entry_size;
	uint8_t name;
	uint8_t pcfile;
	uint8_t pcln;
	uint8_t npcdata;
	uint8_t cu; /* 0: files are numbered in the whole program */
	uint8_t nfuncdata;
	uint8_t pcdata;
};

static const struct func_layout layouts[] = {
	[GO_1_2] = {.entry_size = 8,
		    .name = 8,
		    .pcfile = 24,
		    .pcln = 28,
		    .npcdata = 32,
		    .nfuncdata = 39,
		    .pcdata = 40},
	[GO_1_16] = {.entry_size = 8,
		     .name = 8,
		     .pcfile = 24,
		     .pcln = 28,
		     .npcdata = 32,
		     .cu = 36,
		     .nfuncdata = 43,
		     .pcdata = 44},
	[GO_1_18] = {.entry_size = 4,
		     .name = 4,
		     .pcfile = 20,
		     .pcln = 24,
		     .npcdata = 28,
		     .cu = 32,
		     .nfuncdata = 39,
		     .pcdata = 40},
	[GO_1_20] = {.entry_size = 4,
		     .name = 4,
		     .pcfile = 20,
		     .pcln = 24,
		     .npcdata = 28,
		     .cu = 32,
		     .nfuncdata = 43,
		     .pcdata = 44},
};

#define PCDATA_INL_TREE	  2
#define FUNCDATA_INL_TREE 3
#define NO_OFFSET	  UINT32_MAX
#define MAX_INLINED	  512

/* runtime.inlinedCall: its size, and where the name and the call's place are. */
struct inlined_layout {
	uint8_t size;
	uint8_t name;
	uint8_t parent_pc;
};

static const struct inlined_layout inlined_layouts[] = {
	[GO_1_18] = {.size = 20, .name = 12, .parent_pc = 16},
	[GO_1_20] = {.size = 16, .name = 4, .parent_pc = 8},
};

struct gopclntab {
	struct go_module module;
};

/* One function, found by its address. */
struct go_func {
	uint64_t entry;
	uint64_t off; /* of its runtime._func in the table */
};

int gopclntab_open(struct elf_image *image, struct gopclntab **ret_table)
{
	struct gopclntab *table = xcalloc(1, sizeof(*table));
	int err = go_module_find(image, &table->module);

	if (err) {
		free(table);
		return err;
	}
	*ret_table = table;
	return 0;
}

void gopclntab_free(struct gopclntab *table)
{
	free(table);
}

static bool read_at(const struct go_module *module, uint64_t off, unsigned int size,
		    uint64_t *ret_value)
{
	struct dwarf_cursor cursor = dwarf_cursor_at(module->table.data, module->table.size, off);

	*ret_value = dwarf_unsigned(&cursor, size);
	return !cursor.failed;
}

/* 0 for what lies outside: every use checks offsets of its own. */
static uint64_t u32_at(const struct go_module *module, uint64_t off)
{
	uint64_t value;

	return read_at(module, off, 4, &value) ? value : 0;
}

static const char *string_at(const struct go_module *module, uint64_t off)
{
	struct dwarf_cursor cursor = dwarf_cursor_at(module->table.data, module->table.size, off);
	const char *text = cursor.failed ? NULL : dwarf_string(&cursor);

	return text && *text ? text : NULL;
}

/* Where functions begin; behind the last one stands the end of the text. */
static bool entry_of(const struct go_module *module, uint64_t index, uint64_t *ret_entry)
{
	unsigned int size = layouts[module->version].entry_size;

	if (!read_at(module, module->functab + index * 2 * size, size, ret_entry))
		return false;
	if (module->version >= GO_1_18)
		*ret_entry += module->text_start;
	return true;
}

/* The runtime._func of function @index. */
static bool func_at(const struct go_module *module, uint64_t index, struct go_func *ret_func)
{
	unsigned int size = layouts[module->version].entry_size;
	uint64_t off;

	if (!entry_of(module, index, &ret_func->entry) ||
	    !read_at(module, module->functab + index * 2 * size + size, size, &off))
		return false;
	ret_func->off = module->func_base + off;
	return true;
}

/* The function that holds @pc: the last that begins at or before it. */
static bool find_func(const struct go_module *module, uint64_t pc, struct go_func *ret_func)
{
	uint64_t low = 0, high = module->nr_funcs, entry, end;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (!entry_of(module, middle, &entry))
			return false;
		if (entry <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && entry_of(module, module->nr_funcs, &end) && pc < end &&
	       func_at(module, low - 1, ret_func);
}

/*
 * The value at @pc of the table at @off: pairs of a zig-zag difference of value and a difference of
 * address.  -1 where it says nothing.
 */
static int32_t pc_value(const struct go_module *module, uint64_t off, uint64_t entry, uint64_t pc)
{
	struct dwarf_cursor cursor = dwarf_cursor_at(module->table.data, module->table.size,
						     module->pctab + off);
	uint64_t at = entry;
	uint32_t value = UINT32_MAX;

	if (off == 0)
		return -1;
	for (bool is_first = true; !cursor.failed; is_first = false) {
		uint32_t delta = (uint32_t)dwarf_uleb(&cursor);

		if (delta == 0 && !is_first)
			break;
		value += (delta >> 1) ^ -(delta & 1);
		at += (uint32_t)dwarf_uleb(&cursor) * module->quantum;
		if (pc < at)
			return cursor.failed ? -1 : (int32_t)value;
	}
	return -1;
}

static const char *func_name(const struct go_module *module, const struct go_func *func)
{
	const struct func_layout *layout = &layouts[module->version];

	return string_at(module, module->names + u32_at(module, func->off + layout->name));
}

static const char *file_name(const struct go_module *module, const struct go_func *func,
			     uint64_t pc)
{
	const struct func_layout *layout = &layouts[module->version];
	int32_t file = pc_value(module, u32_at(module, func->off + layout->pcfile), func->entry,
				pc);
	uint64_t index, off;

	if (file < 0)
		return NULL;
	if (layout->cu == 0) /* 1.2: an array of offsets from the start of everything */
		return string_at(module, u32_at(module, module->files + (uint64_t)file * 4));
	index = u32_at(module, func->off + layout->cu) + (uint64_t)file;
	off = u32_at(module, module->cus + index * 4);
	return off == NO_OFFSET ? NULL : string_at(module, module->files + off);
}

static uint32_t line_at(const struct go_module *module, const struct go_func *func, uint64_t pc)
{
	const struct func_layout *layout = &layouts[module->version];
	int32_t line = pc_value(module, u32_at(module, func->off + layout->pcln), func->entry, pc);

	return line > 0 ? (uint32_t)line : 0;
}

/* Index of the inlined call at @pc, or -1. */
static int32_t inlined_index(const struct go_module *module, const struct go_func *func,
			     uint64_t pc)
{
	const struct func_layout *layout = &layouts[module->version];

	if (u32_at(module, func->off + layout->npcdata) <= PCDATA_INL_TREE)
		return -1;
	return pc_value(module, u32_at(module, func->off + layout->pcdata + 4ULL * PCDATA_INL_TREE),
			func->entry, pc);
}

/* The array of inlined calls of @func; empty if it has none or nobody knows where. */
static struct elf_span inlined_tree(const struct go_module *module, const struct go_func *func)
{
	const struct func_layout *layout = &layouts[module->version];
	struct elf_span none = {0};
	uint64_t npcdata = u32_at(module, func->off + layout->npcdata);
	uint64_t nfuncdata, off;

	if (module->version < GO_1_18 || !module->funcdata ||
	    !read_at(module, func->off + layout->nfuncdata, 1, &nfuncdata) ||
	    nfuncdata <= FUNCDATA_INL_TREE || npcdata > UINT16_MAX)
		return none;
	off = u32_at(module, func->off + layout->pcdata + 4 * (npcdata + FUNCDATA_INL_TREE));
	if (off == NO_OFFSET)
		return none;
	return elf_image_at_vaddr(module->image, module->funcdata + off);
}

/* Name and call of inlined call @index. */
static bool read_inlined(const struct go_module *module, const struct elf_span *tree, int32_t index,
			 const char **ret_name, uint64_t *ret_parent_pc)
{
	const struct inlined_layout *layout = &inlined_layouts[module->version];
	struct dwarf_cursor cursor = dwarf_cursor_at(tree->data, tree->size,
						     (uint64_t)index * layout->size + layout->name);

	*ret_name = string_at(module, module->names + dwarf_u32(&cursor));
	cursor = dwarf_cursor_at(tree->data, tree->size,
				 (uint64_t)index * layout->size + layout->parent_pc);
	*ret_parent_pc = dwarf_u32(&cursor);
	return !cursor.failed && *ret_name;
}

static void add_frame(const struct go_module *module, const struct go_func *func, uint64_t pc,
		      const char *name, struct dwarf_query *query, size_t *cap)
{
	size_t nr = query->nr_frames;

	GROW_ARRAY(query->frames, nr, *cap);
	query->frames[query->nr_frames++] = (struct dwarf_frame){
		.name = name,
		.is_linkage = true,
		.path = {.name = file_name(module, func, pc)},
		.line = line_at(module, func, pc),
	};
}

void gopclntab_find(const struct gopclntab *table, bool want_inlines, struct dwarf_query *query)
{
	const struct go_module *module = &table->module;
	struct elf_span tree;
	struct go_func func;
	uint64_t pc = query->pc;
	size_t cap = 0;

	if (!find_func(module, pc, &func) || !func_name(module, &func))
		return;
	tree = inlined_tree(module, &func);
	for (int i = 0; i < MAX_INLINED && tree.data; i++) {
		int32_t index = inlined_index(module, &func, pc);
		uint64_t parent_pc;
		const char *name;

		if (index < 0 || !read_inlined(module, &tree, index, &name, &parent_pc))
			break;
		if (want_inlines)
			add_frame(module, &func, pc, name, query, &cap);
		pc = func.entry + parent_pc;
	}
	add_frame(module, &func, pc, func_name(module, &func), query, &cap);
}

void gopclntab_each(const struct gopclntab *table,
		    int (*fn)(const struct go_function *function, void *arg), void *arg)
{
	const struct go_module *module = &table->module;

	for (uint64_t i = 0; i < module->nr_funcs; i++) {
		struct go_function function;
		struct go_func func;
		uint64_t end;

		if (!func_at(module, i, &func) || !entry_of(module, i + 1, &end))
			return;
		function.name = func_name(module, &func);
		function.vaddr = func.entry;
		function.size = end > func.entry ? end - func.entry : 0;
		if (function.name && function.size && fn(&function, arg) > 0)
			return;
	}
}

/* The highest value of the table at @off, which pc_value() reads; -1: none. */
static int32_t max_value(const struct go_module *module, uint64_t off)
{
	struct dwarf_cursor cursor = dwarf_cursor_at(module->table.data, module->table.size,
						     module->pctab + off);
	uint32_t value = UINT32_MAX;
	int32_t max = -1;

	for (bool is_first = true; !cursor.failed; is_first = false) {
		uint32_t delta = (uint32_t)dwarf_uleb(&cursor);

		if (delta == 0 && !is_first)
			break;
		value += (delta >> 1) ^ -(delta & 1);
		dwarf_uleb(&cursor);
		if ((int32_t)value > max)
			max = (int32_t)value;
	}
	return max;
}

void gopclntab_each_inlined(const struct gopclntab *table, const struct go_function *function,
			    void (*fn)(const char *name, void *arg), void *arg)
{
	const struct go_module *module = &table->module;
	const struct func_layout *layout = &layouts[module->version];
	uint64_t parent_pc, off;
	struct elf_span tree;
	struct go_func func;
	const char *name;
	int32_t max;

	if (!find_func(module, function->vaddr, &func) ||
	    u32_at(module, func.off + layout->npcdata) <= PCDATA_INL_TREE)
		return;
	tree = inlined_tree(module, &func);
	off = u32_at(module, func.off + layout->pcdata + 4ULL * PCDATA_INL_TREE);
	if (!tree.data || !off)
		return;
	max = max_value(module, off);
	for (int32_t i = 0; i <= max && read_inlined(module, &tree, i, &name, &parent_pc); i++)
		fn(name, arg);
}
