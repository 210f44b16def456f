/* SPDX-License-Identifier: MIT */
/* Code the kernel brings along: asks the clock all the time, for as many seconds as it is told. */
#include "expect.h"

#include <stdlib.h>
#include <time.h>

static NOINLINE double ask_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static NOINLINE void keep_asking(double seconds)
{
	double end = ask_clock() + seconds;

	while (ask_clock() < end)
		;
	hit();
	NO_TAIL_CALL();
}

int main(int argc, char **argv)
{
	if (asked_for_expectations(argc, argv)) {
		expect("hit", 1, MAIN ";keep_asking;hit");
		return 0;
	}
	keep_asking(argc > 1 ? atof(argv[1]) : 0);
	return 0;
}
