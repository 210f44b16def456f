/* SPDX-License-Identifier: MIT */
/* Functions to be probed, in a stripped library: found through .dynsym alone. */
#include "probe_target.h"

int library_add(int a, int b)
{
	__asm__ volatile("");
	return a + b;
}

int library_multiply(int a, int b)
{
	__asm__ volatile("");
	return a * b;
}
