/* SPDX-License-Identifier: MIT */
/* The reader of folded stacks: any bytes; what it takes, the writer must spell as it reads. */
#include "common/cleanup.h"
#include "flamegraph/folded_read.h"
#include "flamegraph/format.h"
#include "flamegraph/profile.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* NULL if there is nothing to write. */
static char *respelled(const void *data, size_t size, size_t *ret_size)
{
	_cleanup_(profile_freep) struct profile *profile = profile_new();
	_cleanup_fclose_ FILE *in = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
	const struct format_options options = {0};
	struct folded_report report;
	char *text = NULL;
	FILE *out;
	int ret;

	if (!in || folded_read(in, profile, NULL, &report) < 0)
		return NULL;
	profile_finish(profile);
	out = open_memstream(&text, ret_size);
	ret = format_by_name("folded")->write(profile, &options, out);
	if (fclose(out))
		abort();
	if (!ret)
		return text;
	free(text);
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t once_size, twice_size;
	_cleanup_free_ char *once = respelled(data, size, &once_size);
	_cleanup_free_ char *twice = once ? respelled(once, once_size, &twice_size) : NULL;

	if (once && (!twice || once_size != twice_size || memcmp(once, twice, once_size)))
		abort();
	return 0;
}
