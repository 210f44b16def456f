/* SPDX-License-Identifier: MIT */
/* Bytes that grow at the end, and the numbers binary formats put there. */
#ifndef CTRACE_FLAMEGRAPH_BYTE_BUFFER_H
#define CTRACE_FLAMEGRAPH_BYTE_BUFFER_H

#include <stddef.h>
#include <stdint.h>

struct byte_buffer {
	uint8_t *data;
	size_t nr, cap;
};

void byte_buffer_release(struct byte_buffer *buffer);
void byte_buffer_bytes(struct byte_buffer *buffer, const void *data, size_t size);
/* LEB128: seven bits a byte, low ones first. */
void byte_buffer_uint(struct byte_buffer *buffer, uint64_t value);

#endif
