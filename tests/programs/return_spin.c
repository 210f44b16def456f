/* SPDX-License-Identifier: MIT */
/*
 * Short functions called all the time: with probes on them, samples fall into the kernel's own
 * code for breakpoints and returns, and into its trampoline.  Its argument is for how many
 * seconds; without one, CALLS times.
 */
#include "expect.h"

#include <stdlib.h>
#include <time.h>

enum { CALLS = 2000, ROUNDS = 100 };

NOINLINE int spin_leaf(int number);
NOINLINE int spin_inner(int number);
NOINLINE int spin_middle(int number);
NOINLINE void spin_outer(double seconds);

NOINLINE int spin_leaf(int number)
{
	__asm__ volatile("" : "+r"(number));
	return number + 1;
}

/* Begins with a push, which a breakpoint displaces. */
NOINLINE int spin_inner(int number)
{
	int sum = spin_leaf(number);

	__asm__ volatile("" : "+r"(sum) : : "rbx", "r12");
	return sum + number;
}

NOINLINE int spin_middle(int number)
{
	return spin_inner(number) + number;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

NOINLINE void spin_outer(double seconds)
{
	double end = now() + seconds;
	int sum = 0;

	for (int i = 0; seconds > 0 ? now() < end : i < CALLS / ROUNDS; i++)
		for (int j = 0; j < ROUNDS; j++)
			sum += spin_middle(j);
	__asm__ volatile("" : : "r"(sum));
}

int main(int argc, char **argv)
{
	if (asked_for_expectations(argc, argv)) {
		expect("spin_leaf", CALLS, MAIN ";spin_outer;spin_middle;spin_inner;spin_leaf");
		expect("uretprobe:spin_inner", CALLS, MAIN ";spin_outer;spin_middle;spin_inner");
		return 0;
	}
	spin_outer(argc > 1 ? atof(argv[1]) : 0);
	NO_TAIL_CALL();
	return 0;
}
