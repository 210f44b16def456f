/* SPDX-License-Identifier: MIT */
/* The reader of capture files: any bytes; what it takes must survive being written and read. */
#include "flamegraph/capture.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_to_memory(const struct capture *capture, char **ret_text, size_t *ret_size)
{
	FILE *out = open_memstream(ret_text, ret_size);

	if (!out || capture_write(capture, out) < 0 || fclose(out))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(capture_freep) struct capture *first = NULL;
	_cleanup_(capture_freep) struct capture *second = NULL;
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ char *again = NULL;
	size_t text_size, again_size;

	if (capture_read_memory(data, size, &first) < 0)
		return 0;
	write_to_memory(first, &text, &text_size);
	if (capture_read_memory(text, text_size, &second) < 0)
		abort();
	write_to_memory(second, &again, &again_size);
	if (text_size != again_size || memcmp(text, again, text_size))
		abort();
	return 0;
}
