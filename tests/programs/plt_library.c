/* SPDX-License-Identifier: MIT */
/*
 * The library of plt_calls.c.  Its functions can be interposed, so every call of them, even from
 * within, goes through the PLT; the PLT is filled lazily, by the dynamic linker's resolver.
 */
#include "plt_library.h"

#define NO_TAIL_CALL() __asm__ volatile("" ::: "memory")

__attribute__((noinline)) int plt_leaf(int n)
{
	NO_TAIL_CALL();
	return n;
}

__attribute__((noinline)) int plt_recurse(int depth)
{
	int below = depth > 1 ? plt_recurse(depth - 1) : plt_leaf(0);

	NO_TAIL_CALL();
	return below + 1;
}

__attribute__((noinline)) void plt_call_back(void (*fn)(void))
{
	fn();
	NO_TAIL_CALL();
}
