/* SPDX-License-Identifier: MIT */
/* A frame of 40 KB: more than any copy of the stack's top holds. */
#include "expect.h"

static NOINLINE int small_frame(volatile char *p)
{
	hit();
	NO_TAIL_CALL();
	return p[0];
}

static NOINLINE int big_frame(int n)
{
	volatile char block[40 * 1024];

	block[0] = (char)n;
	block[sizeof(block) - 1] = (char)n;
	return small_frame(block) + block[sizeof(block) - 1];
}

int main(int argc, char **argv)
{
	int sum = 0;

	if (asked_for_expectations(argc, argv)) {
		expect("hit", 20, MAIN ";big_frame;small_frame;hit");
		return 0;
	}
	for (int n = 1; n <= 20; n++)
		sum += big_frame(n);
	return sum != 2 * 20 * 21 / 2;
}
