/* SPDX-License-Identifier: MIT */
#include "unwind/cfi_section.h"

#include "common/alloc.h"
#include "unwind/cfi_bytes.h"
#include "unwind/dwarf_constants.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define EXTENDED_LENGTH 0xffffffffu /* 64-bit DWARF: the real length follows */
#define FIRST_SLOT_BITS 4

static int read_eh_id(const struct cfi_section *section, uint32_t pos, struct cfi_entry *entry)
{
	uint32_t id;

	memcpy(&id, section->data + pos, sizeof(id));
	entry->body = pos + (uint32_t)sizeof(id);
	entry->is_cie = id == 0;
	if (id > pos)
		return -EBADMSG;
	entry->cie = pos - id;
	return 0;
}

static int read_debug_id(const struct cfi_section *section, uint32_t pos, size_t size,
			 struct cfi_entry *entry)
{
	uint64_t id = 0;

	memcpy(&id, section->data + pos, size);
	entry->body = pos + (uint32_t)size;
	entry->is_cie = id == (size == 8 ? UINT64_MAX : UINT32_MAX);
	if (!entry->is_cie && id >= section->size)
		return -EBADMSG;
	entry->cie = (uint32_t)id;
	return 0;
}

int cfi_entry_read(const struct cfi_section *section, uint32_t off, struct cfi_entry *ret_entry)
{
	struct cfi_entry entry;
	uint64_t length = 0;
	uint32_t pos = off;
	size_t id_size = 4;
	int err;

	/* Only .eh_frame ends in a zero; in .debug_frame Go's linker pads with them. */
	do {
		if (pos > section->size || section->size - pos < 4)
			return 1;
		memcpy(&length, section->data + pos, 4);
		pos += 4;
	} while (length == 0 && section->is_debug_frame);
	if (length == 0)
		return 1;
	if (length == EXTENDED_LENGTH) {
		if (section->size - pos < 8)
			return -EBADMSG;
		memcpy(&length, section->data + pos, 8);
		pos += 8;
		/* .eh_frame keeps a CIE pointer of 4 bytes even then (LSB 5, 10.6.1). */
		if (section->is_debug_frame)
			id_size = 8;
	}
	if (length > section->size - pos || length < id_size)
		return -EBADMSG;
	err = section->is_debug_frame ? read_debug_id(section, pos, id_size, &entry)
				      : read_eh_id(section, pos, &entry);
	if (err)
		return err;
	entry.end = pos + (uint32_t)length;
	*ret_entry = entry;
	return 0;
}

/*
 * The letters of a "z" augmentation and their data.  An unknown letter ends the reading: the
 * length in front of the data says where the instructions begin all the same.
 */
static bool read_augmentation(const struct cfi_section *section, const char *letters,
			      const uint8_t *p, const uint8_t *end, struct cfi_cie *cie)
{
	for (; *letters; letters++) {
		struct cfi_value v;

		switch (*letters) {
		case 'R':
			if (p >= end)
				return false;
			cie->context.pointer_encoding = *p++;
			break;
		case 'L':
			if (p >= end)
				return false;
			p++;
			break;
		case 'P':
			if (p >= end)
				return false;
			v = cfi_read_pointer(p + 1, end, *p & (uint8_t)~DW_EH_PE_indirect,
					     section->vaddr, 0);
			if (!v.next)
				return false;
			p = v.next;
			break;
		case 'S':
			cie->context.is_signal_frame = true;
			break;
		default:
			return true;
		}
	}
	return true;
}

/* Version, augmentation string, alignments, return register.  NULL: damaged or not for us. */
static const uint8_t *read_cie_head(const struct cfi_section *section, const uint8_t *p,
				    const uint8_t *end, struct cfi_cie *cie)
{
	const uint8_t version = p < end ? *p++ : 0;
	const char *letters = (const char *)p;
	struct cfi_value v;

	p = p < end ? memchr(p, '\0', (size_t)(end - p)) : NULL;
	if (!p || (version != 1 && version != 3 && version != 4))
		return NULL;
	p++;
	if (version == 4) {
		/* address_size, segment_selector_size */
		if (end - p < 2 || p[0] != 8 || p[1] != 0)
			return NULL;
		p += 2;
	}
	v = cfi_read_uleb(p, end);
	cie->context.code_align = v.value;
	v = v.next ? cfi_read_sleb(v.next, end) : v;
	cie->context.data_align = (int64_t)v.value;
	if (v.next)
		v = version == 1 ? cfi_read_fixed(v.next, end, 1) : cfi_read_uleb(v.next, end);
	if (!v.next || v.value != DW_REG_RA)
		return NULL;
	p = v.next;
	if (*letters == '\0')
		return p;
	if (*letters != 'z')
		return NULL;
	v = cfi_read_uleb(p, end);
	if (!v.next || v.value > (uint64_t)(end - v.next) ||
	    !read_augmentation(section, letters + 1, v.next, v.next + v.value, cie))
		return NULL;
	cie->has_augmentation_data = true;
	return v.next + v.value;
}

static void parse_cie(const struct cfi_section *section, struct cie_table *table,
		      struct cfi_cie *cie)
{
	struct cfi_program program = {0};
	struct cfi_entry entry;
	const uint8_t *p;

	cie->is_bad = true;
	if (cfi_entry_read(section, cie->off, &entry) != 0 || !entry.is_cie)
		return;
	/* Entries that do not overlap have less than this together. */
	table->work += entry.end - entry.body;
	if (table->work > (uint64_t)section->size * 4)
		return;
	p = read_cie_head(section, section->data + entry.body, section->data + entry.end, cie);
	if (!p)
		return;
	program.code = p;
	program.end = section->data + entry.end;
	program.to = UINT32_MAX;
	cie->context.follow_rbx = table->follow_rbx;
	cie->context.initial = cfi_program_initial(&program, &cie->context);
	cie->is_bad = false;
}

/* Multiply-shift by an odd number no file can know (its author could make every CIE collide). */
static uint32_t hash_cie(const struct cie_table *table, uint8_t section, uint32_t off)
{
	return (uint32_t)((off ^ (uint64_t)section << 32) * table->seed >> (64 - table->slot_bits));
}

static void put_slot(struct cie_table *table, uint32_t number)
{
	const struct cfi_cie *cie = &table->cies[number];
	uint32_t mask = ((uint32_t)1 << table->slot_bits) - 1;
	uint32_t i = hash_cie(table, cie->section, cie->off);

	while (table->slots[i])
		i = (i + 1) & mask;
	table->slots[i] = number + 1;
}

static uint32_t append_cie(struct cie_table *table, const struct cfi_cie *cie)
{
	uint32_t number = table->nr;

	GROW_ARRAY(table->cies, table->nr, table->cap);
	table->cies[table->nr++] = *cie;
	if ((uint64_t)table->nr * 2 >> table->slot_bits) {
		free(table->slots);
		table->slot_bits++;
		table->slots = xcalloc((size_t)1 << table->slot_bits, sizeof(*table->slots));
		for (uint32_t i = 0; i < table->nr; i++)
			put_slot(table, i);
	} else {
		put_slot(table, number);
	}
	return number;
}

static uint32_t find_cie(struct cie_table *table, const struct cfi_section *sections, uint8_t index,
			 uint32_t off)
{
	struct cfi_cie cie = {.off = off, .section = index};
	uint32_t mask = ((uint32_t)1 << table->slot_bits) - 1;
	uint32_t i = hash_cie(table, index, off);

	for (; table->slots[i]; i = (i + 1) & mask) {
		const struct cfi_cie *known = &table->cies[table->slots[i] - 1];

		if (known->off == off && known->section == index)
			return table->slots[i] - 1;
	}
	parse_cie(&sections[index], table, &cie);
	return append_cie(table, &cie);
}

void cie_table_init(struct cie_table *table)
{
	memset(table, 0, sizeof(*table));
	table->slot_bits = FIRST_SLOT_BITS;
	table->slots = xcalloc((size_t)1 << table->slot_bits, sizeof(*table->slots));
	table->seed = ((uintptr_t)table->slots ^ (uintptr_t)table) * 0x9e3779b97f4a7c15ull | 1;
	table->last = CIE_NONE;
}

void cie_table_release(struct cie_table *table)
{
	free(table->cies);
	free(table->slots);
}

uint32_t cie_table_add_state(struct cie_table *table, struct cfi_state state)
{
	/* An offset no CIE of a file can have: its head alone is longer. */
	const struct cfi_cie cie = {.context = {.initial = state, .code_align = 1},
				    .off = UINT32_MAX - table->nr};

	return append_cie(table, &cie);
}

/* Begin and length in whatever encoding the CIE names.  Gives what follows them, or NULL. */
static const uint8_t *read_location(const struct cfi_section *section,
				    const struct cfi_entry *entry, uint8_t encoding,
				    struct cfi_fde *fde)
{
	const uint8_t *p = section->data + entry->body, *end = section->data + entry->end;
	struct cfi_value v;

	/* What nearly every file has, without the detours of the general case. */
	if (encoding == (DW_EH_PE_pcrel | DW_EH_PE_sdata4) && end - p >= 8) {
		int32_t distance;
		uint32_t length;

		memcpy(&distance, p, sizeof(distance));
		memcpy(&length, p + 4, sizeof(length));
		fde->begin = section->vaddr + entry->body + (uint64_t)(int64_t)distance;
		fde->length = length;
		return p + 8;
	}
	v = cfi_read_pointer(p, end, encoding, section->vaddr + entry->body, 0);
	if (!v.next)
		return NULL;
	fde->begin = v.value;
	/* A length is no address: the format counts, and no sign. */
	encoding &= DW_EH_PE_format_mask;
	if (encoding == DW_EH_PE_sdata2 || encoding == DW_EH_PE_sdata4)
		encoding -= DW_EH_PE_sdata2 - DW_EH_PE_udata2;
	v = cfi_read_pointer(v.next, end, encoding, 0, 0);
	fde->length = v.value;
	return v.next;
}

int cfi_fde_read(const struct cfi_section *sections, uint8_t index, const struct cfi_entry *entry,
		 struct cie_table *table, struct cfi_fde *ret_fde)
{
	const struct cfi_section *section = &sections[index];
	const uint8_t *end = section->data + entry->end, *p;
	const struct cfi_cie *cie;
	struct cfi_value v;

	if (table->last == CIE_NONE || table->cies[table->last].off != entry->cie ||
	    table->cies[table->last].section != index)
		table->last = find_cie(table, sections, index, entry->cie);
	cie = &table->cies[table->last];
	if (cie->is_bad)
		return -EBADMSG;
	p = read_location(section, entry, cie->context.pointer_encoding, ret_fde);
	if (!p)
		return -EBADMSG;
	if (cie->has_augmentation_data) {
		v = cfi_read_uleb(p, end);
		if (!v.next || v.value > (uint64_t)(end - v.next))
			return -EBADMSG;
		p = v.next + v.value;
	}
	ret_fde->program = (uint32_t)(p - section->data);
	ret_fde->program_end = entry->end;
	ret_fde->cie = table->last;
	return 0;
}
