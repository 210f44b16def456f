/* SPDX-License-Identifier: MIT */
/*
 * Numbers as CFI and DWARF expressions spell them, read with the end of the buffer in view.  Each
 * reader gives where to go on (NULL: it ran over the end) and the value, in two registers: the
 * interpreter's cursor never has to live in memory.
 */
#ifndef CTRACE_UNWIND_CFI_BYTES_H
#define CTRACE_UNWIND_CFI_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cfi_value {
	const uint8_t *next; /* NULL: damaged */
	uint64_t value;
};

/* The general cases of the two below, out of line. */
struct cfi_value cfi_read_long_uleb(const uint8_t *p, const uint8_t *end);
struct cfi_value cfi_read_long_sleb(const uint8_t *p, const uint8_t *end);

/* Bits beyond 64 are dropped; more than CFI_MAX_LEB bytes are damage. */
#define CFI_MAX_LEB 16

static inline struct cfi_value cfi_read_uleb(const uint8_t *p, const uint8_t *end)
{
	if (__builtin_expect(p < end && *p < 0x80, 1))
		return (struct cfi_value){p + 1, *p};
	return cfi_read_long_uleb(p, end);
}

static inline struct cfi_value cfi_read_sleb(const uint8_t *p, const uint8_t *end)
{
	if (__builtin_expect(p < end && *p < 0x80, 1))
		return (struct cfi_value){p + 1, (uint64_t)((int64_t)((uint64_t)*p << 57) >> 57)};
	return cfi_read_long_sleb(p, end);
}

/* An unsigned little-endian number of @size bytes, at most 8. */
static inline struct cfi_value cfi_read_fixed(const uint8_t *p, const uint8_t *end, size_t size)
{
	uint64_t value = 0;

	if ((size_t)(end - p) < size)
		return (struct cfi_value){NULL, 0};
	memcpy(&value, p, size);
	return (struct cfi_value){p + size, value};
}

/*
 * A pointer in one of the DW_EH_PE_ encodings.  @vaddr is the address of @p, for pc-relative ones;
 * @data_base that of the table, for data-relative ones.  Damaged: unknown or indirect encodings.
 */
struct cfi_value cfi_read_pointer(const uint8_t *p, const uint8_t *end, uint8_t encoding,
				  uint64_t vaddr, uint64_t data_base);

#endif
