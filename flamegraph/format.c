/* SPDX-License-Identifier: MIT */
#include "flamegraph/format.h"

#include "flamegraph/format_writers.h"

#include <string.h>
#include <strings.h>

const struct format *const *format_table(void)
{
	static const struct format *const table[] = {
		&format_folded,
		&format_svg,
		&format_html,
		&format_pprof,
		&format_speedscope,
		&format_firefox,
		&format_perfetto,
		&format_chrome,
		&format_callgrind,
		&format_csv,
		&format_tree,
		&format_top,
		NULL,
	};

	return table;
}

const struct format *format_by_name(const char *name)
{
	for (const struct format *const *format = format_table(); *format; format++) {
		if (!strcmp((*format)->name, name))
			return *format;
	}
	return NULL;
}

const struct format *format_by_suffix(const char *path)
{
	const struct format *best = NULL;
	size_t len = strlen(path);
	size_t best_len = 0;

	for (const struct format *const *format = format_table(); *format; format++) {
		const char *suffix = (*format)->suffix;
		size_t suffix_len = suffix ? strlen(suffix) : 0;

		if (suffix_len > best_len && suffix_len <= len &&
		    !strcasecmp(path + len - suffix_len, suffix)) {
			best = *format;
			best_len = suffix_len;
		}
	}
	return best;
}
