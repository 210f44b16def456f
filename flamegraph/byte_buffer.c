/* SPDX-License-Identifier: MIT */
#include "flamegraph/byte_buffer.h"

#include "common/alloc.h"

#include <stdlib.h>
#include <string.h>

#define UINT_MAX_BYTES 10

void byte_buffer_release(struct byte_buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct byte_buffer){0};
}

static void reserve(struct byte_buffer *buffer, size_t more)
{
	if (buffer->cap - buffer->nr >= more)
		return;
	buffer->cap = (buffer->nr + more) * 2;
	buffer->data = xreallocarray(buffer->data, buffer->cap, 1);
}

void byte_buffer_bytes(struct byte_buffer *buffer, const void *data, size_t size)
{
	if (!size)
		return;
	reserve(buffer, size);
	memcpy(buffer->data + buffer->nr, data, size);
	buffer->nr += size;
}

void byte_buffer_uint(struct byte_buffer *buffer, uint64_t value)
{
	reserve(buffer, UINT_MAX_BYTES);
	for (; value >= 0x80; value >>= 7)
		buffer->data[buffer->nr++] = (uint8_t)(value | 0x80);
	buffer->data[buffer->nr++] = (uint8_t)value;
}
