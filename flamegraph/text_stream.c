/* SPDX-License-Identifier: MIT */
#include "flamegraph/text_stream.h"

#include "common/alloc.h"
#include "flamegraph/utf16.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define BUFFER_BYTES	((size_t)128 << 10)
#define ZSTD_WINDOW_LOG 27 /* what the zstd tool takes without being asked: 128 MiB */
#define GZIP_OR_ZLIB	(15 + 32)
#define UTF16_UNIT_MAX	4 /* bytes of a character */

struct text_stream {
	FILE *file;
	enum { PLAIN, GZIP, ZSTD } packing;
	bool started, ended;
	z_stream gzip;
	bool gzip_ready, member_open;
	ZSTD_DCtx *zstd;
	size_t zstd_left;
	enum utf16_order order;
	uint8_t *wide; /* of UTF-16, still to be decoded */
	size_t wide_nr, wide_cap;
	size_t at, nr; /* in packed */
	uint8_t packed[BUFFER_BYTES];
};

struct text_stream *text_stream_new(FILE *file)
{
	struct text_stream *stream = xcalloc(1, sizeof(*stream));

	stream->file = file;
	return stream;
}

void text_stream_free(struct text_stream *stream)
{
	if (!stream)
		return;
	if (stream->gzip_ready)
		inflateEnd(&stream->gzip);
	ZSTD_freeDCtx(stream->zstd);
	free(stream->wide);
	free(stream);
}

/* The end is the end: a terminal could be read on. */
static int read_file(struct text_stream *stream, void *data, size_t size, size_t *ret_nr)
{
	*ret_nr = feof(stream->file) ? 0 : fread(data, 1, size, stream->file);
	return !*ret_nr && ferror(stream->file) ? -EIO : 0;
}

static int refill(struct text_stream *stream)
{
	int ret;

	if (stream->at < stream->nr || stream->ended)
		return 0;
	stream->at = 0;
	ret = read_file(stream, stream->packed, sizeof(stream->packed), &stream->nr);
	stream->ended = !stream->nr;
	return ret;
}

static int start(struct text_stream *stream)
{
	int ret = refill(stream);

	stream->started = true;
	if (ret < 0)
		return ret;
	if (stream->nr >= 2 && !memcmp(stream->packed, "\x1f\x8b", 2)) {
		stream->packing = GZIP;
		if (inflateInit2(&stream->gzip, GZIP_OR_ZLIB) != Z_OK)
			die_oom();
		stream->gzip_ready = true;
	} else if (stream->nr >= 4 && !memcmp(stream->packed, "\x28\xb5\x2f\xfd", 4)) {
		stream->packing = ZSTD;
		stream->zstd = ZSTD_createDCtx();
		if (!stream->zstd)
			die_oom();
		ZSTD_DCtx_setParameter(stream->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
	}
	return 0;
}

static int read_plain(struct text_stream *stream, void *data, size_t size, size_t *ret_nr)
{
	size_t nr = stream->nr - stream->at;

	if (nr) {
		nr = nr < size ? nr : size;
		memcpy(data, stream->packed + stream->at, nr);
		stream->at += nr;
	} else if (!stream->ended) {
		int ret = read_file(stream, data, size, &nr);

		if (ret < 0)
			return ret;
	}
	*ret_nr = nr;
	return 0;
}

/* Files of several members, one after the other, are common: cat a.gz b.gz. */
static int read_gzip(struct text_stream *stream, void *data, size_t size, size_t *ret_nr)
{
	stream->gzip.next_out = data;
	stream->gzip.avail_out = (uInt)(size < UINT32_MAX ? size : UINT32_MAX);
	*ret_nr = 0;
	while (!*ret_nr) {
		int ret = refill(stream);

		if (ret < 0)
			return ret;
		if (stream->ended)
			return stream->member_open ? -EBADMSG : 0;
		stream->member_open = true;
		stream->gzip.next_in = stream->packed + stream->at;
		stream->gzip.avail_in = (uInt)(stream->nr - stream->at);
		ret = inflate(&stream->gzip, Z_NO_FLUSH);
		stream->at = stream->nr - stream->gzip.avail_in;
		*ret_nr = size - stream->gzip.avail_out;
		if (ret == Z_STREAM_END) {
			stream->member_open = false;
			ret = inflateReset(&stream->gzip);
		}
		if (ret != Z_OK && !(ret == Z_BUF_ERROR && *ret_nr))
			return -EBADMSG;
	}
	return 0;
}

static int read_zstd(struct text_stream *stream, void *data, size_t size, size_t *ret_nr)
{
	ZSTD_outBuffer out = {data, size, 0};

	while (!out.pos) {
		ZSTD_inBuffer in;
		int ret = refill(stream);

		if (ret < 0)
			return ret;
		if (stream->ended && !stream->zstd_left)
			break;
		in = (ZSTD_inBuffer){stream->packed, stream->nr, stream->at};
		stream->zstd_left = ZSTD_decompressStream(stream->zstd, &out, &in);
		stream->at = in.pos;
		if (ZSTD_isError(stream->zstd_left) || (stream->ended && !out.pos))
			return -EBADMSG;
	}
	*ret_nr = out.pos;
	return 0;
}

/* As it comes out of its packing. */
static int unpack(struct text_stream *stream, void *data, size_t size, size_t *ret_nr)
{
	switch (stream->packing) {
	case GZIP:
		return read_gzip(stream, data, size, ret_nr);
	case ZSTD:
		return read_zstd(stream, data, size, ret_nr);
	default:
		return read_plain(stream, data, size, ret_nr);
	}
}

/* The first bytes tell how the text is coded; what was read of UTF-16 is kept to be decoded. */
static int read_first(struct text_stream *stream, void *data, size_t size, size_t *ret_nr)
{
	int ret = start(stream);

	if (ret < 0)
		return ret;
	ret = unpack(stream, data, size, ret_nr);
	if (ret < 0 || !*ret_nr)
		return ret;
	stream->order = utf16_sniff(data, *ret_nr);
	if (stream->order == UTF16_NOT)
		return 0;
	stream->wide_cap = *ret_nr > BUFFER_BYTES ? *ret_nr : BUFFER_BYTES;
	stream->wide = xmalloc(stream->wide_cap);
	memcpy(stream->wide, data, *ret_nr);
	stream->wide_nr = *ret_nr;
	return 0;
}

static int read_utf16(struct text_stream *stream, void *data, size_t size, size_t *ret_nr)
{
	*ret_nr = 0;
	while (!*ret_nr) {
		bool last = false;
		size_t used, got;

		if (stream->wide_nr < UTF16_UNIT_MAX) {
			int ret = unpack(stream, stream->wide + stream->wide_nr,
					 stream->wide_cap - stream->wide_nr, &got);

			if (ret < 0)
				return ret;
			last = !got;
			stream->wide_nr += got;
			if (!stream->wide_nr)
				return 0;
		}
		*ret_nr = utf16_decode(stream->wide, stream->wide_nr, stream->order, last, data,
				       size, &used);
		stream->wide_nr -= used;
		memmove(stream->wide, stream->wide + used, stream->wide_nr);
	}
	return 0;
}

int text_stream_read(struct text_stream *stream, void *data, size_t size, size_t *ret_nr)
{
	if (!stream->started) {
		int ret = read_first(stream, data, size, ret_nr);

		if (ret < 0 || stream->order == UTF16_NOT)
			return ret;
	}
	if (stream->order != UTF16_NOT)
		return read_utf16(stream, data, size, ret_nr);
	return unpack(stream, data, size, ret_nr);
}
