/* SPDX-License-Identifier: MIT */
#include "symbolize/code_starts.h"

#include "common/alloc.h"
#include "common/elf_image.h"
#include "symbolize/startup_code.h"

#include <stdlib.h>
#include <string.h>

#define CALL_BYTES 5 /* e8 and a 32-bit distance */
#define LEA_BYTES  7
#define ALIGNMENT  16

static void add(struct code_starts *starts, uint64_t vaddr)
{
	if (starts->nr >= CODE_STARTS_MAX)
		return;
	GROW_ARRAY(starts->vaddrs, starts->nr, starts->cap);
	starts->vaddrs[starts->nr++] = vaddr;
}

/*
 * An e8 byte may be part of another instruction, or data: its target counts where a function may
 * begin, behind one that has ended (ret, jmp, hlt, ud2, padding) or at an alignment.
 */
static bool may_begin(const uint8_t *code, size_t off, uint64_t vaddr)
{
	static const uint8_t ends[] = {0xc3, 0xcc, 0x90, 0xf4, 0x0b, 0x00};
	static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};

	if (off == 0 || vaddr % ALIGNMENT == 0 || memchr(ends, code[off - 1], sizeof(ends)))
		return true;
	if (memcmp(code + off, endbr64, sizeof(endbr64)) == 0)
		return true;
	return (off >= 2 && code[off - 2] == 0xeb) || (off >= 5 && code[off - 5] == 0xe9);
}

static void add_target(struct code_starts *starts, const struct elf_span *code, uint64_t vaddr)
{
	uint64_t off = vaddr - code->vaddr;

	if (off < code->size && code->size - off >= CALL_BYTES && may_begin(code->data, off, vaddr))
		add(starts, vaddr);
}

static uint64_t relative(const uint8_t *at, uint64_t vaddr_behind)
{
	int32_t distance;

	memcpy(&distance, at, sizeof(distance));
	return vaddr_behind + (uint64_t)(int64_t)distance;
}

/* e8 rel32: call */
static void add_calls(struct code_starts *starts, const struct elf_span *code)
{
	size_t size = code->size;

	for (size_t i = 0; i + CALL_BYTES <= size; i++) {
		const uint8_t *call = memchr(code->data + i, 0xe8, size - CALL_BYTES + 1 - i);

		if (!call)
			return;
		i = (size_t)(call - code->data);
		add_target(starts, code, relative(call + 1, code->vaddr + i + CALL_BYTES));
	}
}

/* 48 8d /r or 4c 8d /r, relative to rip: lea of a function somebody is told of */
static void add_leas(struct code_starts *starts, const struct elf_span *code)
{
	size_t size = code->size;

	for (size_t i = 1; i + LEA_BYTES <= size; i++) {
		const uint8_t *lea = memchr(code->data + i, 0x8d, size - LEA_BYTES + 1 - i);

		if (!lea)
			return;
		i = (size_t)(lea - code->data);
		if ((lea[-1] == 0x48 || lea[-1] == 0x4c) && (lea[1] & 0xc7) == 0x05)
			add_target(starts, code,
				   relative(lea + 2, code->vaddr + i + LEA_BYTES - 1));
	}
}

/* R_X86_64_RELATIVE: pointers in tables of functions, vtables, .init_array. */
static void add_relocated(struct code_starts *starts, struct elf_image *image,
			  const struct elf_span *code)
{
	struct elf_span relocations;

	if (elf_image_section_by_name(image, ".rela.dyn", &relocations) < 0)
		return;
	for (size_t off = 0; off + sizeof(Elf64_Rela) <= relocations.size;
	     off += sizeof(Elf64_Rela)) {
		Elf64_Rela entry;

		memcpy(&entry, relocations.data + off, sizeof(entry));
		if (ELF64_R_TYPE(entry.r_info) == R_X86_64_RELATIVE)
			add_target(starts, code, (uint64_t)entry.r_addend);
	}
}

/* The same tables of a program that is not relocated. */
static void add_pointers(struct code_starts *starts, const struct elf_image *image,
			 const struct elf_span *code)
{
	size_t nr;
	const Elf64_Phdr *segments = elf_image_segments(image, &nr);

	if (elf_image_header(image)->e_type != ET_EXEC)
		return;
	for (size_t i = 0; i < nr; i++) {
		struct elf_span data;

		if (segments[i].p_type != PT_LOAD || (segments[i].p_flags & PF_X))
			continue;
		data = elf_image_at_vaddr(image, segments[i].p_vaddr);
		for (size_t off = -segments[i].p_vaddr % sizeof(uint64_t);
		     data.data && off + sizeof(uint64_t) <= data.size; off += sizeof(uint64_t)) {
			uint64_t value;

			memcpy(&value, data.data + off, sizeof(value));
			add_target(starts, code, value);
		}
	}
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

void code_starts_read(struct elf_image *image, struct code_starts *ret_starts)
{
	struct code_starts starts = {0};
	uint64_t main_vaddr;
	size_t nr, nr_segments;
	const Elf64_Phdr *segments = elf_image_segments(image, &nr_segments);

	for (size_t i = 0; i < nr_segments; i++) {
		struct elf_span code;

		if (segments[i].p_type != PT_LOAD || !(segments[i].p_flags & PF_X))
			continue;
		code = elf_image_at_vaddr(image, segments[i].p_vaddr);
		if (!code.data)
			continue;
		code.vaddr = segments[i].p_vaddr;
		add_calls(&starts, &code);
		add_leas(&starts, &code);
		add_relocated(&starts, image, &code);
		add_pointers(&starts, image, &code);
	}
	if (elf_image_header(image)->e_entry)
		add(&starts, elf_image_header(image)->e_entry);
	if (startup_code_main(image, elf_image_header(image)->e_entry, &main_vaddr))
		add(&starts, main_vaddr);
	qsort(starts.vaddrs, starts.nr, sizeof(*starts.vaddrs), compare);
	nr = 0;
	for (size_t i = 0; i < starts.nr; i++)
		if (!nr || starts.vaddrs[nr - 1] != starts.vaddrs[i])
			starts.vaddrs[nr++] = starts.vaddrs[i];
	starts.nr = nr;
	*ret_starts = starts;
}

void code_starts_release(struct code_starts *starts)
{
	free(TAKE_PTR(starts->vaddrs));
	starts->nr = starts->cap = 0;
}

bool code_starts_find(const struct code_starts *starts, uint64_t from, uint64_t vaddr,
		      uint64_t *ret_start)
{
	size_t low = 0, high = starts->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (starts->vaddrs[middle] <= vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || starts->vaddrs[low - 1] < from)
		return false;
	*ret_start = starts->vaddrs[low - 1];
	return true;
}
