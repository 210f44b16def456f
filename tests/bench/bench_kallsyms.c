/* SPDX-License-Identifier: MIT */
/* Reading the kernel's symbols, and naming addresses with them.  Medians, as a markdown table. */
#include "common/clock.h"
#include "symbolize/kallsyms.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS	   9
#define NR_LOOKUPS 1000000
#define STEP	   4099 /* a prime, so that look-ups fall everywhere in functions */

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The range of the kernel's own text. */
static int note_address(const char *name, uint64_t addr, void *arg)
{
	uint64_t *range = arg;

	(void)name;
	range[0] = addr < range[0] ? addr : range[0];
	range[1] = addr > range[1] ? addr : range[1];
	return 0;
}

int main(void)
{
	uint64_t times[ROUNDS], range[2] = {UINT64_MAX, 0}, begin, addr;
	volatile const char *name;
	int nr = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct kallsyms *syms;
		int err;

		begin = clock_now_ns();
		err = kallsyms_load("/proc/kallsyms", &syms);
		times[i] = clock_now_ns() - begin;
		if (err < 0) {
			fprintf(stderr, "/proc/kallsyms: %s\n", strerror(-err));
			return 1;
		}
		if (i + 1 < ROUNDS) {
			kallsyms_free(syms);
			continue;
		}
		nr = kallsyms_match(syms, "*", note_address, range);
		addr = range[0];
		begin = clock_now_ns();
		for (int k = 0; k < NR_LOOKUPS; k++) {
			name = kallsyms_find(syms, addr, NULL, NULL);
			(void)name;
			addr += STEP;
			if (addr > range[1])
				addr = range[0] + addr % STEP;
		}
		begin = clock_now_ns() - begin;
		kallsyms_free(syms);
	}
	qsort(times, ROUNDS, sizeof(times[0]), compare);
	printf("### /proc/kallsyms\n\n| functions | ms to load | ns a look-up |\n"
	       "|---:|---:|---:|\n| %d | %.1f | %.0f |\n",
	       nr, (double)times[ROUNDS / 2] / 1e6, (double)begin / NR_LOOKUPS);
	return 0;
}
