/* SPDX-License-Identifier: MIT */
/*
 * Reading DWARF's primitive values from a stretch of bytes without ever leaving it.  A read past
 * the end gives 0, moves to the end and sets @failed, so callers check once after a group of reads.
 * Knows nothing of forms or units.
 */
#ifndef CTRACE_SYMBOLIZE_DWARF_CURSOR_H
#define CTRACE_SYMBOLIZE_DWARF_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define DWARF_LEB_MAX_BYTES 10 /* what 64 bits need */

struct dwarf_cursor {
	const uint8_t *at;
	const uint8_t *end;
	bool failed;
};

/* At @off of the @size bytes at @data; an offset outside gives a failed, empty cursor. */
static inline struct dwarf_cursor dwarf_cursor_at(const uint8_t *data, size_t size, uint64_t off)
{
	if (!data || off > size)
		return (struct dwarf_cursor){.at = data, .end = data, .failed = true};
	return (struct dwarf_cursor){.at = data + off, .end = data + size};
}

static inline size_t dwarf_cursor_left(const struct dwarf_cursor *cursor)
{
	return (size_t)(cursor->end - cursor->at);
}

static inline void dwarf_cursor_fail(struct dwarf_cursor *cursor)
{
	cursor->at = cursor->end;
	cursor->failed = true;
}

static inline void dwarf_skip(struct dwarf_cursor *cursor, uint64_t len)
{
	if (__builtin_expect(len > dwarf_cursor_left(cursor), 0))
		dwarf_cursor_fail(cursor);
	else
		cursor->at += len;
}

/* Ends the cursor @len bytes from here; fails if that is past the present end. */
static inline void dwarf_limit(struct dwarf_cursor *cursor, uint64_t len)
{
	if (len > dwarf_cursor_left(cursor))
		dwarf_cursor_fail(cursor);
	else
		cursor->end = cursor->at + len;
}

/* An unsigned value of @len (0 to 8) bytes, little-endian as every image we open. */
static inline uint64_t dwarf_unsigned(struct dwarf_cursor *cursor, unsigned int len)
{
	uint64_t value = 0;

	if (__builtin_expect(len > dwarf_cursor_left(cursor) || len > sizeof(value), 0)) {
		dwarf_cursor_fail(cursor);
		return 0;
	}
	memcpy(&value, cursor->at, len);
	cursor->at += len;
	return value;
}

static inline uint8_t dwarf_u8(struct dwarf_cursor *cursor)
{
	return (uint8_t)dwarf_unsigned(cursor, 1);
}

static inline uint16_t dwarf_u16(struct dwarf_cursor *cursor)
{
	return (uint16_t)dwarf_unsigned(cursor, 2);
}

static inline uint32_t dwarf_u32(struct dwarf_cursor *cursor)
{
	return (uint32_t)dwarf_unsigned(cursor, 4);
}

static inline uint64_t dwarf_u64(struct dwarf_cursor *cursor)
{
	return dwarf_unsigned(cursor, 8);
}

static inline uint64_t dwarf_uleb_slow(struct dwarf_cursor *cursor, unsigned int *ret_bits,
				       uint8_t *ret_last)
{
	uint64_t value = 0;
	unsigned int bits = 0;
	uint8_t byte;

	do {
		if (cursor->at == cursor->end || bits >= 7 * DWARF_LEB_MAX_BYTES) {
			dwarf_cursor_fail(cursor);
			*ret_bits = 64;
			*ret_last = 0;
			return 0;
		}
		byte = *cursor->at++;
		if (bits < 64)
			value |= (uint64_t)(byte & 0x7f) << bits;
		bits += 7;
	} while (byte & 0x80);
	*ret_bits = bits;
	*ret_last = byte;
	return value;
}

static inline uint64_t dwarf_uleb(struct dwarf_cursor *cursor)
{
	unsigned int bits;
	uint8_t last;

	if (__builtin_expect(cursor->at != cursor->end && *cursor->at < 0x80, 1))
		return *cursor->at++;
	return dwarf_uleb_slow(cursor, &bits, &last);
}

static inline int64_t dwarf_sleb(struct dwarf_cursor *cursor)
{
	unsigned int bits;
	uint8_t last;
	uint64_t value = dwarf_uleb_slow(cursor, &bits, &last);

	if (bits < 64 && (last & 0x40))
		value |= ~(uint64_t)0 << bits;
	return (int64_t)value;
}

/* A NUL-terminated string, or NULL (and failed) if it is not terminated. */
static inline const char *dwarf_string(struct dwarf_cursor *cursor)
{
	const uint8_t *start = cursor->at;
	const uint8_t *nul = start == cursor->end
				     ? NULL
				     : memchr(start, '\0', (size_t)(cursor->end - start));

	if (!nul) {
		dwarf_cursor_fail(cursor);
		return NULL;
	}
	cursor->at = nul + 1;
	return (const char *)start;
}

/*
 * A unit's or table's initial length; the cursor is limited to what it announces.  @ret_offset_size
 * is 4, or 8 in 64-bit DWARF.
 */
static inline uint64_t dwarf_initial_length(struct dwarf_cursor *cursor,
					    unsigned int *ret_offset_size)
{
	uint64_t len = dwarf_u32(cursor);

	*ret_offset_size = 4;
	if (len == 0xffffffff) {
		len = dwarf_u64(cursor);
		*ret_offset_size = 8;
	} else if (len >= 0xfffffff0) { /* reserved: DWARF 5, 7.2.2 */
		dwarf_cursor_fail(cursor);
	}
	return len;
}

#endif
