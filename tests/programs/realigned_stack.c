/* SPDX-License-Identifier: MIT */
/*
 * Locals that need more alignment than the ABI gives: the stack is realigned, and the CFA is kept
 * through a pointer in the frame (gcc: DW_CFA_def_cfa_expression) or rbp (clang).
 */
#include "expect.h"

#include <stdint.h>

static NOINLINE void use(volatile char *p, unsigned int alignment)
{
	if ((uintptr_t)p % alignment)
		__builtin_trap();
	hit();
	NO_TAIL_CALL();
}

static NOINLINE int aligned_64(int n)
{
	_Alignas(64) volatile char block[192];

	block[n & 63] = (char)n;
	use(block, 64);
	return block[n & 63];
}

static NOINLINE int aligned_4096_with_arguments(int a, int b, int c, int d, int e, int f, int g,
						int h)
{
	_Alignas(4096) volatile char block[64];

	block[0] = (char)(a + b + c + d + e + f + g + h);
	use(block, 4096);
	return block[0] + aligned_64(h);
}

static NOINLINE int aligned_and_dynamic(int n)
{
	_Alignas(32) volatile char block[64];
	volatile char array[n + 1];

	block[0] = array[n] = (char)n;
	use(block, 32);
	return block[0] + array[n];
}

int main(int argc, char **argv)
{
	volatile int sum = 0;

	if (asked_for_expectations(argc, argv)) {
		expect("hit", 8, MAIN ";aligned_64;use;hit");
		expect("hit", 8, MAIN ";aligned_4096_with_arguments;use;hit");
		expect("hit", 8, MAIN ";aligned_4096_with_arguments;aligned_64;use;hit");
		expect("hit", 8, MAIN ";aligned_and_dynamic;use;hit");
		return 0;
	}
	for (int n = 1; n <= 8; n++)
		sum += aligned_64(n) + aligned_4096_with_arguments(1, 2, 3, 4, 5, 6, 7, n) +
		       aligned_and_dynamic(n);
	return sum <= 0;
}
