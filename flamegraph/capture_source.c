/* SPDX-License-Identifier: MIT */
#include "flamegraph/capture_source.h"

#include "common/alloc.h"
#include "common/intern.h"
#include "flamegraph/capture.h"
#include "flamegraph/capture_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define BUFFER_BYTES ((size_t)64 << 10)

/* A real capture shrinks 5 to 50 times; one of equal deep stacks some hundred times. */
#define MAX_RATIO   1000
#define MIN_ALLOWED ((uint64_t)4 << 20)

struct capture_source {
	int error;
	uint32_t version;
	FILE *file; /* or NULL: packed.src is all there is */
	ZSTD_DCtx *zstd;
	ZSTD_inBuffer packed;
	bool frame_ended;
	uint64_t nr_packed, nr_plain; /* bytes so far */

	struct intern *texts;
	const char **strings;
	size_t nr_strings, cap_strings;
	char *scratch; /* CAPTURE_MAX_STRING */

	size_t at, nr; /* in plain */
	uint8_t plain[BUFFER_BYTES];
	uint8_t file_buffer[BUFFER_BYTES];
};

uint32_t capture_source_version(const struct capture_source *source)
{
	return source->version;
}

int capture_source_error(const struct capture_source *source)
{
	return source->error;
}

void capture_source_fail(struct capture_source *source, int error)
{
	if (!source->error)
		source->error = error;
	source->at = source->nr = 0;
}

/* More packed bytes, if there are any: false at the end and after errors. */
static bool refill_packed(struct capture_source *source)
{
	size_t got;

	if (source->packed.pos < source->packed.size)
		return true;
	if (!source->file || source->error)
		return false;
	got = fread(source->file_buffer, 1, sizeof(source->file_buffer), source->file);
	if (!got && ferror(source->file))
		capture_source_fail(source, -EIO);
	source->packed = (ZSTD_inBuffer){source->file_buffer, got, 0};
	source->nr_packed += got;
	return got > 0;
}

static bool refill_plain(struct capture_source *source)
{
	ZSTD_outBuffer out = {source->plain, sizeof(source->plain), 0};

	while (!source->error && !source->frame_ended && !out.pos) {
		size_t left;

		/* What is left inside zstd comes out without more input. */
		refill_packed(source);
		left = ZSTD_decompressStream(source->zstd, &out, &source->packed);
		if (ZSTD_isError(left) ||
		    (left && !out.pos && source->packed.pos == source->packed.size &&
		     !refill_packed(source)))
			capture_source_fail(source, -EBADMSG);
		source->frame_ended = !left;
	}
	if (source->error)
		return false;
	source->nr_plain += out.pos;
	if (source->nr_plain > MIN_ALLOWED && source->nr_plain / MAX_RATIO > source->nr_packed) {
		capture_source_fail(source, -E2BIG);
		return false;
	}
	source->at = 0;
	source->nr = out.pos;
	return out.pos > 0;
}

static uint8_t take_byte(struct capture_source *source)
{
	if (source->at == source->nr && !refill_plain(source)) {
		capture_source_fail(source, -EBADMSG);
		return 0;
	}
	return source->plain[source->at++];
}

uint64_t capture_source_uint(struct capture_source *source, uint64_t max)
{
	uint64_t value = 0;

	for (unsigned int shift = 0;; shift += 7) {
		uint8_t byte = take_byte(source);
		uint64_t bits = byte & 0x7f;

		if (shift == 63 && byte > 1) {
			capture_source_fail(source, -EBADMSG);
			return 0;
		}
		value |= bits << shift;
		if (!(byte & 0x80))
			break;
	}
	if (value > max) {
		capture_source_fail(source, -EBADMSG);
		return 0;
	}
	return value;
}

uint64_t capture_source_length(struct capture_source *source, uint64_t max)
{
	uint64_t length = capture_source_uint(source, UINT64_MAX);

	if (length > max) {
		capture_source_fail(source, -E2BIG);
		return 0;
	}
	return length;
}

void capture_source_bytes(struct capture_source *source, void *data, size_t size)
{
	uint8_t *bytes = data;

	for (size_t i = 0; i < size; i++)
		bytes[i] = take_byte(source);
}

static const char *new_string(struct capture_source *source)
{
	size_t len = capture_source_length(source, CAPTURE_MAX_STRING);
	const char *text;

	capture_source_bytes(source, source->scratch, len);
	if (memchr(source->scratch, '\0', len))
		capture_source_fail(source, -EBADMSG);
	if (source->error)
		return NULL;
	text = intern_bytes(source->texts, source->scratch, len);
	GROW_ARRAY(source->strings, source->nr_strings, source->cap_strings);
	source->strings[source->nr_strings++] = text;
	return text;
}

const char *capture_source_string(struct capture_source *source)
{
	uint64_t ref = capture_source_uint(source, source->nr_strings + 1);

	if (!ref)
		return NULL;
	return ref <= source->nr_strings ? source->strings[ref - 1] : new_string(source);
}

static int read_head(struct capture_source *source)
{
	uint8_t head[CAPTURE_HEAD_SIZE];
	uint32_t version = 0;

	for (size_t i = 0; i < sizeof(head); i++) {
		if (!refill_packed(source))
			return source->error ? source->error : -ENOEXEC;
		head[i] = ((const uint8_t *)source->packed.src)[source->packed.pos++];
		if (i < CAPTURE_MAGIC_SIZE && head[i] != (uint8_t)CAPTURE_MAGIC[i])
			return -ENOEXEC;
	}
	for (int i = 0; i < 4; i++)
		version |= (uint32_t)head[CAPTURE_MAGIC_SIZE + i] << 8 * i;
	if (!version)
		return -EBADMSG;
	source->version = version;
	return version > CAPTURE_VERSION ? -EPROTONOSUPPORT : 0;
}

int capture_source_open(FILE *file, const void *data, size_t size,
			struct capture_source **ret_source)
{
	struct capture_source *source = xcalloc(1, sizeof(*source));
	int ret;

	source->file = file;
	if (!file) {
		source->packed = (ZSTD_inBuffer){data, size, 0};
		source->nr_packed = size;
	}
	source->zstd = ZSTD_createDCtx();
	if (!source->zstd)
		die_oom();
	ZSTD_DCtx_setParameter(source->zstd, ZSTD_d_windowLogMax, CAPTURE_WINDOW_LOG);
	source->texts = intern_new();
	source->scratch = xmalloc(CAPTURE_MAX_STRING + 1);
	ret = read_head(source);
	if (ret < 0) {
		capture_source_free(source);
		return ret;
	}
	*ret_source = source;
	return 0;
}

int capture_source_finish(struct capture_source *source)
{
	/* The checksum comes after the last byte: look for one more. */
	if (!source->error && (source->at < source->nr || refill_plain(source)))
		capture_source_fail(source, -EBADMSG);
	if (!source->error && refill_packed(source))
		capture_source_fail(source, -EBADMSG);
	return source->error;
}

void capture_source_free(struct capture_source *source)
{
	ZSTD_freeDCtx(source->zstd);
	intern_free(source->texts);
	free(source->strings);
	free(source->scratch);
	free(source);
}
