/* SPDX-License-Identifier: MIT */
#include "symbolize/elf_minidebug.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/elf_image.h"

#include <errno.h>
#include <lzma.h>
#include <stdlib.h>

#define FIRST_OUTPUT   ((size_t)1 << 20)
#define DECODER_MEMORY ((uint64_t)128 << 20) /* xz -9 needs 65 MB to unpack */

/* Decodes all of @stream's input into a growing buffer. */
static int decode_all(lzma_stream *stream, uint8_t **ret_bytes, size_t *ret_size)
{
	_cleanup_free_ uint8_t *bytes = NULL;
	size_t size = 0, cap = 0;

	for (;;) {
		lzma_ret ret;

		if (size == cap) {
			if (cap >= MINIDEBUG_MAX_BYTES)
				return -E2BIG;
			cap = cap ? cap * 2 : FIRST_OUTPUT;
			bytes = xreallocarray(bytes, cap, 1);
		}
		stream->next_out = bytes + size;
		stream->avail_out = cap - size;
		ret = lzma_code(stream, LZMA_FINISH);
		size = cap - stream->avail_out;
		if (ret == LZMA_STREAM_END)
			break;
		if (ret != LZMA_OK)
			return ret == LZMA_MEMLIMIT_ERROR ? -E2BIG : -EBADMSG;
	}
	*ret_bytes = TAKE_PTR(bytes);
	*ret_size = size;
	return 0;
}

int elf_minidebug_open(struct elf_image *image, struct elf_image **ret_image, uint8_t **ret_bytes)
{
	_cleanup_free_ uint8_t *bytes = NULL;
	lzma_stream stream = LZMA_STREAM_INIT;
	struct elf_span span;
	size_t size;
	int err;

	err = elf_image_section_by_name(image, ".gnu_debugdata", &span);
	if (err)
		return err == -ENOENT || err == -ENODATA ? -ENOENT : -EBADMSG;
	if (lzma_stream_decoder(&stream, DECODER_MEMORY, 0) != LZMA_OK)
		die_oom();
	stream.next_in = span.data;
	stream.avail_in = span.size;
	err = decode_all(&stream, &bytes, &size);
	lzma_end(&stream);
	if (err)
		return err;
	err = elf_image_open_memory(bytes, size, ret_image);
	if (err)
		return -EBADMSG;
	*ret_bytes = TAKE_PTR(bytes);
	return 0;
}
