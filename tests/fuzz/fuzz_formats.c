/* SPDX-License-Identifier: MIT */
/*
 * Every writer with stacks of any bytes: none may fail, and a page must give back what it was made
 * of.  The first byte chooses options.
 */
#include "common/cleanup.h"
#include "flamegraph/folded_read.h"
#include "flamegraph/format.h"
#include "flamegraph/page_read.h"
#include "flamegraph/profile.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MANY 1000 /* counts; Perfetto's format has a packet for each */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_page(const char *text, size_t size, const struct profile *written)
{
	_cleanup_(profile_freep) struct profile *profile = profile_new();
	const struct profile_before *before = profile_before(written);
	struct page_report report;

	if (page_read(text, size, profile, &report) < 0 || report.is_pruned ||
	    report.has_before != (before != NULL))
		abort();
	profile_finish(profile);
	if (profile_total(profile) != profile_total(written))
		abort();
}

static void write_as(const struct format *format, const struct profile *profile,
		     const struct format_options *options)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int ret = format->write(profile, options, out);

	if (!out || fclose(out) || (ret < 0 && ret != -ENODATA) || (!ret && !size))
		abort();
	if (!ret && (format == format_by_name("svg") || format == format_by_name("html")))
		check_page(text, size, profile);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(profile_freep) struct profile *profile = profile_new();
	_cleanup_fclose_ FILE *in = NULL;
	struct format_options options = {.full = true};
	struct folded_report report;

	if (size < 2)
		return 0;
	options.reverse = data[0] & 1;
	options.inverted = data[0] & 2;
	options.collapse_recursion = data[0] & 4;
	options.no_inline = data[0] & 8;
	options.no_normalize = data[0] & 16;
	if (data[0] & 32)
		profile_keep_order(profile);
	in = fmemopen((void *)(uintptr_t)(data + 1), size - 1, "r");
	if (!in || folded_read(in, profile, NULL, &report) < 0)
		return 0;
	profile_finish(profile);
	for (const struct format *const *format = format_table(); *format; format++) {
		if (profile_total(profile) > MANY && *format == format_by_name("perfetto"))
			continue;
		if ((*format)->compares || !profile_before(profile))
			write_as(*format, profile, &options);
	}
	return 0;
}
