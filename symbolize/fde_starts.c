/* SPDX-License-Identifier: MIT */
#include "symbolize/fde_starts.h"

#include "common/elf_image.h"
#include "symbolize/dwarf_cursor.h"

#include <string.h>

/* Pointer encodings, LSB Core 5.0, 10.5. */
#define ENC_UDATA4	   0x03
#define ENC_SDATA4	   0x0b
#define ENC_DATAREL_SDATA4 0x3b
#define ENC_PCREL_SDATA4   0x1b
#define ENC_FORMAT_MASK	   0x0f
#define ENC_OMIT	   0xff

#define PAIR_BYTES 8

struct fde_starts fde_starts_open(const struct elf_image *image)
{
	struct fde_starts none = {0};
	const Elf64_Phdr *segments;
	struct dwarf_cursor cursor;
	struct elf_span hdr = {0};
	uint8_t frame_encoding;
	uint64_t nr_fdes;
	size_t nr;

	segments = elf_image_segments(image, &nr);
	for (size_t i = 0; i < nr && !hdr.data; i++)
		if (segments[i].p_type == PT_GNU_EH_FRAME)
			hdr = elf_image_at_vaddr(image, segments[i].p_vaddr);
	if (!hdr.data)
		return none;
	cursor = dwarf_cursor_at(hdr.data, hdr.size, 0);
	if (dwarf_u8(&cursor) != 1)
		return none;
	frame_encoding = dwarf_u8(&cursor);
	/* Every linker writes these two; anything else is not worth the code. */
	if (dwarf_u8(&cursor) != ENC_UDATA4 || dwarf_u8(&cursor) != ENC_DATAREL_SDATA4)
		return none;
	if (frame_encoding != ENC_PCREL_SDATA4 && (frame_encoding & ENC_FORMAT_MASK) != ENC_SDATA4)
		return none;
	dwarf_u32(&cursor);
	nr_fdes = dwarf_u32(&cursor);
	if (cursor.failed || nr_fdes > dwarf_cursor_left(&cursor) / PAIR_BYTES)
		return none;
	return (struct fde_starts){
		.image = image, .table = cursor.at, .nr = nr_fdes, .hdr_vaddr = hdr.vaddr};
}

static uint64_t pair_field(const struct fde_starts *starts, size_t index, size_t field)
{
	int32_t off;

	memcpy(&off, starts->table + index * PAIR_BYTES + field * sizeof(off), sizeof(off));
	return starts->hdr_vaddr + (uint64_t)(int64_t)off;
}

/* Index of the first FDE that starts after @vaddr. */
static size_t upper_bound(const struct fde_starts *starts, uint64_t vaddr)
{
	size_t low = 0;
	size_t high = starts->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (pair_field(starts, middle, 0) <= vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static unsigned int encoded_size(uint8_t encoding)
{
	switch (encoding & 0x07) {
	case 0x00:
	case 0x04:
		return 8;
	case 0x02:
		return 2;
	case 0x03:
		return 4;
	default:
		return 0;
	}
}

/* The encoding of an FDE's addresses as the CIE at @vaddr tells; ENC_OMIT if it is damaged. */
static uint8_t cie_pointer_encoding(const struct elf_image *image, uint64_t vaddr)
{
	struct elf_span span = elf_image_at_vaddr(image, vaddr);
	struct dwarf_cursor cursor = dwarf_cursor_at(span.data, span.size, 0);
	const char *augmentation;
	unsigned int offset_size;
	uint8_t version;

	dwarf_initial_length(&cursor, &offset_size);
	if (dwarf_u32(&cursor) != 0)
		return ENC_OMIT;
	version = dwarf_u8(&cursor);
	augmentation = dwarf_string(&cursor);
	if (!augmentation)
		return ENC_OMIT;
	dwarf_uleb(&cursor);
	dwarf_sleb(&cursor);
	if (version == 1)
		dwarf_u8(&cursor);
	else
		dwarf_uleb(&cursor);
	if (augmentation[0] != 'z')
		return augmentation[0] == '\0' ? 0 : ENC_OMIT;
	dwarf_uleb(&cursor);
	for (const char *c = augmentation + 1; *c; c++) {
		if (*c == 'R')
			return cursor.failed ? ENC_OMIT : dwarf_u8(&cursor);
		if (*c == 'L')
			dwarf_u8(&cursor);
		else if (*c == 'P')
			dwarf_skip(&cursor, encoded_size(dwarf_u8(&cursor)));
		else if (*c != 'S' && *c != 'B')
			return ENC_OMIT;
	}
	return 0;
}

/* Bytes of code the FDE at @vaddr covers; 0 if it is damaged. */
static uint64_t fde_length(const struct elf_image *image, uint64_t vaddr)
{
	struct elf_span span = elf_image_at_vaddr(image, vaddr);
	struct dwarf_cursor cursor = dwarf_cursor_at(span.data, span.size, 0);
	unsigned int offset_size, size;
	uint64_t cie_field, len;
	uint8_t encoding;

	dwarf_initial_length(&cursor, &offset_size);
	if (cursor.failed)
		return 0;
	cie_field = vaddr + (uint64_t)(cursor.at - span.data);
	encoding = cie_pointer_encoding(image, cie_field - dwarf_u32(&cursor));
	size = encoded_size(encoding);
	if (encoding == ENC_OMIT || size == 0)
		return 0;
	dwarf_skip(&cursor, size);
	len = dwarf_unsigned(&cursor, size);
	return cursor.failed ? 0 : len;
}

bool fde_starts_find(const struct fde_starts *starts, uint64_t vaddr, uint64_t *ret_start,
		     uint64_t *ret_end)
{
	size_t index = upper_bound(starts, vaddr);
	uint64_t start, len;

	if (index == 0)
		return false;
	start = pair_field(starts, index - 1, 0);
	len = fde_length(starts->image, pair_field(starts, index - 1, 1));
	if (vaddr - start >= len || len > UINT64_MAX - start)
		return false;
	*ret_start = start;
	*ret_end = start + len;
	return true;
}

uint64_t fde_starts_previous_end(const struct fde_starts *starts, uint64_t vaddr)
{
	size_t index = upper_bound(starts, vaddr);
	uint64_t start, len;

	if (index == 0)
		return 0;
	start = pair_field(starts, index - 1, 0);
	len = fde_length(starts->image, pair_field(starts, index - 1, 1));
	return len <= vaddr - start ? start + len : 0;
}

uint64_t fde_starts_next(const struct fde_starts *starts, uint64_t vaddr)
{
	size_t index = upper_bound(starts, vaddr);

	return index < starts->nr ? pair_field(starts, index, 0) : UINT64_MAX;
}
