/* SPDX-License-Identifier: MIT */
#include "loader/cpus.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/number.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int mark_range(char *range, bool *marked)
{
	char *dash = strchr(range, '-');
	uint64_t first, last;
	int ret;

	if (dash)
		*dash++ = '\0';
	ret = parse_uint(range, 0, CPUS_MAX - 1, &first);
	if (ret < 0)
		return ret;
	last = first;
	if (dash)
		ret = parse_uint(dash, 0, CPUS_MAX - 1, &last);
	if (ret < 0)
		return ret;
	if (last < first)
		return -ERANGE;
	memset(marked + first, true, last - first + 1);
	return 0;
}

int cpus_parse(const char *text, int **ret_cpus, size_t *ret_nr)
{
	_cleanup_free_ bool *marked = xcalloc(CPUS_MAX, sizeof(*marked));
	_cleanup_free_ char *copy = xstrdup(text);
	char *rest = copy, *range;
	size_t nr = 0, cap = 0;
	int *cpus = NULL;

	while ((range = strsep(&rest, ","))) {
		int ret = mark_range(range, marked);

		if (ret < 0)
			return ret;
	}
	for (int cpu = 0; cpu < CPUS_MAX; cpu++) {
		if (!marked[cpu])
			continue;
		GROW_ARRAY(cpus, nr, cap);
		cpus[nr++] = cpu;
	}
	*ret_cpus = cpus;
	*ret_nr = nr;
	return 0;
}

int cpus_online(int **ret_cpus, size_t *ret_nr)
{
	_cleanup_fclose_ FILE *file = fopen("/sys/devices/system/cpu/online", "re");
	_cleanup_free_ char *line = NULL;
	size_t cap = 0;

	if (!file)
		return -errno;
	if (getline(&line, &cap, file) < 0)
		return -EIO;
	line[strcspn(line, "\n")] = '\0';
	return cpus_parse(line, ret_cpus, ret_nr);
}
