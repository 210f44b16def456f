/* SPDX-License-Identifier: MIT */
/*
 * The outer frame hangs on rbp; the inner ones use rbp for something else, so the walk must bring
 * the saved one back from where they put it.
 */
#include "expect.h"

#include <alloca.h>

static NOINLINE void clobbers_rbp(void)
{
	__asm__ volatile("mov $-1, %%rbp" ::: "rbp", "memory");
	hit();
	__asm__ volatile("mov $1, %%rbp" ::: "rbp", "memory");
}

static NOINLINE void clobbers_everything(void)
{
	__asm__ volatile("xor %%ebp, %%ebp" ::: "rbx", "rbp", "r12", "r13", "r14", "r15", "memory");
	clobbers_rbp();
	__asm__ volatile("xor %%ebp, %%ebp" ::: "rbx", "rbp", "r12", "r13", "r14", "r15", "memory");
}

static NOINLINE int hangs_on_rbp(int n)
{
	volatile char *block = (volatile char *)alloca((size_t)n + 1);

	block[n] = 1;
	clobbers_everything();
	return block[n];
}

int main(int argc, char **argv)
{
	int sum = 0;

	if (asked_for_expectations(argc, argv)) {
		expect("hit", 25, MAIN ";hangs_on_rbp;clobbers_everything;clobbers_rbp;hit");
		return 0;
	}
	for (int n = 1; n <= 25; n++)
		sum += hangs_on_rbp(n * 50);
	return sum != 25;
}
