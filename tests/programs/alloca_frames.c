/* SPDX-License-Identifier: MIT */
/* Frames whose size is known only at run time: the CFA hangs on rbp. */
#include "expect.h"

#include <alloca.h>

static NOINLINE int with_vla(int n)
{
	volatile char array[n + 1];

	array[n] = (char)n;
	hit();
	NO_TAIL_CALL();
	return array[n];
}

static NOINLINE int with_alloca(int n)
{
	volatile char *block = (volatile char *)alloca((size_t)n * 100 + 1);

	block[0] = (char)n;
	return with_vla(n) + block[0];
}

int main(int argc, char **argv)
{
	int sum = 0;

	if (asked_for_expectations(argc, argv)) {
		expect("hit", 40, MAIN ";with_alloca;with_vla;hit");
		return 0;
	}
	for (int n = 1; n <= 40; n++)
		sum += with_alloca(n);
	return sum != 2 * 40 * 41 / 2;
}
