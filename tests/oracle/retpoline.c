/* SPDX-License-Identifier: MIT */
/* Calls, returns and a qsort, all of them through retpolines, for the step oracle. */
#include <stdlib.h>

#define NOINLINE __attribute__((noinline))

typedef int (*operation)(int, int);

static NOINLINE int add(int a, int b)
{
	return a + b;
}

static NOINLINE int multiply(int a, int b)
{
	volatile int kept[8];

	kept[a & 7] = b;
	return a * kept[a & 7];
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static NOINLINE int each(const operation *operations, int n)
{
	int sum = 0;

	for (int i = 0; i < n; i++)
		sum = operations[i & 1](i, sum) & 0xffff;
	return sum;
}

int main(void)
{
	const operation operations[2] = {add, multiply};
	int values[32];

	for (int i = 0; i < 32; i++)
		values[i] = each(operations, i) % 101;
	qsort(values, 32, sizeof(values[0]), compare);
	return values[3] == -1;
}
