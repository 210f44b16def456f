/* SPDX-License-Identifier: MIT */
#include "cli/cpu_list.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/number.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static int mark_range(char *range, unsigned int nr_cpus, bool *wanted)
{
	char *dash = strchr(range, '-');
	uint64_t first, last;
	int err;

	if (dash)
		*dash++ = '\0';
	err = parse_uint(range, 0, nr_cpus - 1, &first);
	if (err < 0)
		return err;
	last = first;
	if (dash) {
		err = parse_uint(dash, 0, nr_cpus - 1, &last);
		if (err < 0)
			return err;
	}
	if (last < first)
		return -ERANGE;
	for (uint64_t cpu = first; cpu <= last; cpu++)
		wanted[cpu] = true;
	return 0;
}

int cpu_list_parse(const char *text, unsigned int nr_cpus, int **ret_cpus, size_t *ret_nr)
{
	_cleanup_free_ char *copy = xstrdup(text);
	_cleanup_free_ bool *wanted = xcalloc(nr_cpus, sizeof(*wanted));
	char *rest = copy, *range;
	int *cpus;
	size_t nr = 0;

	while ((range = strsep(&rest, ","))) {
		int err = mark_range(range, nr_cpus, wanted);

		if (err < 0)
			return err;
	}
	cpus = xcalloc(nr_cpus, sizeof(*cpus));
	for (unsigned int cpu = 0; cpu < nr_cpus; cpu++) {
		if (wanted[cpu])
			cpus[nr++] = (int)cpu;
	}
	*ret_cpus = cpus;
	*ret_nr = nr;
	return 0;
}
