/* SPDX-License-Identifier: MIT */
#include "loader/rights.h"

#include "common/alloc.h"
#include "common/cleanup.h"

#include <inttypes.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const struct {
	int bit;
	const char *name, *purpose;
} needed[] = {
	{CAP_SYS_ADMIN, "CAP_SYS_ADMIN", "BPF, perf events, uprobes"},
	{CAP_SYS_PTRACE, "CAP_SYS_PTRACE", "launching a program"},
	{CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", "tracepoints"},
	{CAP_SYSLOG, "CAP_SYSLOG", "names of kernel functions"},
};

static uint64_t effective_capabilities(void)
{
	_cleanup_fclose_ FILE *file = fopen("/proc/self/status", "re");
	uint64_t set = 0;
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "CapEff: %" SCNx64, &set) == 1)
			break;
	}
	return set;
}

char *rights_missing(void)
{
	uint64_t set = effective_capabilities();
	char *text = NULL;

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		char *longer;

		if (set & UINT64_C(1) << needed[i].bit)
			continue;
		longer = xasprintf("%s%s%s (%s)", text ? text : "", text ? ", " : "",
				   needed[i].name, needed[i].purpose);
		free(text);
		text = longer;
	}
	return text;
}
