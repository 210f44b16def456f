/* SPDX-License-Identifier: MIT */
/*
 * Nothing special in the source: it is linked in special ways (static, static-PIE, non-PIE,
 * lazily, without section headers).
 */
#include "expect.h"

#include <stdio.h>

enum { HITS = 25 };

static NOINLINE int third(int n)
{
	hit();
	NO_TAIL_CALL();
	return n + 1;
}

static NOINLINE int second(int n)
{
	volatile int locals[20];

	locals[n % 20] = n;
	return third(locals[n % 20]) + 1;
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
		expect("hit", HITS, MAIN ";first;second;third;hit");
		return 0;
	}
	for (int n = 0; n < HITS; n++)
		sum += first(n);
	return sum != HITS * (HITS - 1) / 2 + 3 * HITS;
}
