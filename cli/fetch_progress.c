/* SPDX-License-Identifier: MIT */
#include "cli/fetch_progress.h"

#include "common/log.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#define ERASE_LINE   "\r\033[K"
#define BYTES_PER_MB 1000000.0

static bool is_wanted(void)
{
	return log_get_level() >= LOG_NORMAL && isatty(STDERR_FILENO);
}

void fetch_progress_show(void *arg, uint64_t done, uint64_t total)
{
	(void)arg;
	if (!is_wanted())
		return;
	fprintf(stderr, ERASE_LINE "fetching debug information");
	/* Before the first byte the library counts its questions. */
	if (total > 0)
		fprintf(stderr, ": %.1f of %.1f MB", (double)done / BYTES_PER_MB,
			(double)total / BYTES_PER_MB);
	fflush(stderr);
}

void fetch_progress_end(void)
{
	if (is_wanted())
		fputs(ERASE_LINE, stderr);
}
