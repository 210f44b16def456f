/* SPDX-License-Identifier: MIT */
/* Stripped but for the one function that is exported: frames are known by their object alone. */
#include "expect.h"

#include <stdlib.h>

enum { HITS = 25 };

static NOINLINE int second(int n)
{
	hit();
	NO_TAIL_CALL();
	return n + 1;
}

static NOINLINE int first(int n)
{
	int got = second(n);

	NO_TAIL_CALL();
	return got + 1;
}

int main(int argc, char **argv)
{
	int sum = 0;

	if (asked_for_expectations(argc, argv)) {
		expect("hit", HITS,
		       "_start;__libc_start_main(_impl)?;" IN_LIBC(
			       "__libc_start_call_main") ";main(;\\[stripped_chain[^;]*\\]){2};"
							 "hit");
		return 0;
	}
	for (int n = 0; n < HITS; n++)
		sum += first(n);
	return sum != HITS * (HITS - 1) / 2 + 2 * HITS;
}
