/* SPDX-License-Identifier: MIT */
/*
 * The reader of pages' data blocks: any bytes, packed as a page has them, so that the fuzzer need
 * not find out what deflates to something.
 */
#include "common/alloc.h"
#include "common/cleanup.h"
#include "flamegraph/page_read.h"
#include "flamegraph/profile.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_base64(FILE *out, const uint8_t *data, size_t size)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < size * 8; i += 6) {
		unsigned int bits = (unsigned int)data[i / 8] << 8;

		if (i / 8 + 1 < size)
			bits |= data[i / 8 + 1];
		putc(digits[bits >> (10 - i % 8) & 63], out);
	}
}

/* The first byte says what is around the rest. */
static char *page_of(const uint8_t *data, size_t size, size_t *ret_size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_size);
	uLong packed_size = compressBound(size);
	_cleanup_free_ uint8_t *packed = xmalloc(packed_size);

	if (!out || compress2(packed, &packed_size, data + 1, size - 1, 1) != Z_OK)
		abort();
	fprintf(out, "<svg><metadata id=\"ctrace-meta\">{%s}</metadata><script id=\"ctrace-data\">",
		data[0] & 1 ? "\"before\":1" : "");
	if (data[0] & 2)
		put_base64(out, data + 1, size - 1);
	else
		put_base64(out, packed, packed_size);
	fputs("</script></svg>", out);
	if (fclose(out))
		abort();
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(profile_freep) struct profile *profile = profile_new();
	_cleanup_free_ char *text = NULL;
	struct page_report report;
	size_t text_size;

	if (!size)
		return 0;
	text = page_of(data, size, &text_size);
	page_read(text, text_size, profile, &report);
	profile_finish(profile);
	return 0;
}
