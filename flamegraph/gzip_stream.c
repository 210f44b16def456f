/* SPDX-License-Identifier: MIT */
#include "flamegraph/gzip_stream.h"

#include "common/alloc.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

#define BUFFER_BYTES ((size_t)64 << 10)
#define LEVEL	     6
#define GZIP	     (15 + 16)
#define MEM_LEVEL    8 /* zlib's default */

struct gzip_stream {
	FILE *out;
	z_stream zlib;
	unsigned char packed[BUFFER_BYTES];
};

static int pack(struct gzip_stream *stream, int flush)
{
	int ret;

	do {
		size_t nr;

		stream->zlib.next_out = stream->packed;
		stream->zlib.avail_out = sizeof(stream->packed);
		ret = deflate(&stream->zlib, flush);
		nr = sizeof(stream->packed) - stream->zlib.avail_out;
		if (nr && fwrite(stream->packed, 1, nr, stream->out) != nr)
			return -1;
	} while (!stream->zlib.avail_out || (flush == Z_FINISH && ret == Z_OK));
	return 0;
}

static ssize_t write_packed(void *cookie, const char *data, size_t size)
{
	struct gzip_stream *stream = cookie;

	stream->zlib.next_in = (unsigned char *)(uintptr_t)data;
	stream->zlib.avail_in = (uInt)size;
	return pack(stream, Z_NO_FLUSH) < 0 ? 0 : (ssize_t)size;
}

static int close_packed(void *cookie)
{
	struct gzip_stream *stream = cookie;
	int ret;

	stream->zlib.avail_in = 0;
	ret = pack(stream, Z_FINISH);
	deflateEnd(&stream->zlib);
	free(stream);
	if (ret < 0)
		errno = EIO;
	return ret;
}

FILE *gzip_stream_open(FILE *out)
{
	struct gzip_stream *stream = xcalloc(1, sizeof(*stream));
	const cookie_io_functions_t functions = {.write = write_packed, .close = close_packed};
	FILE *file;

	stream->out = out;
	if (deflateInit2(&stream->zlib, LEVEL, Z_DEFLATED, GZIP, MEM_LEVEL, Z_DEFAULT_STRATEGY) !=
	    Z_OK)
		die_oom();
	file = fopencookie(stream, "w", functions);
	if (!file)
		die_oom();
	return file;
}
