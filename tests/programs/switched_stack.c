/* SPDX-License-Identifier: MIT */
/* Coroutines: a stack of its own whose outermost frame is libc's start of a context. */
#include "expect.h"

#include <stdlib.h>
#include <ucontext.h>

enum { HITS = 20, STACK_SIZE = 65536 };

static ucontext_t main_context, coroutine;

static NOINLINE void in_coroutine(void)
{
	hit();
	NO_TAIL_CALL();
}

static void coroutine_main(void)
{
	for (int i = 0; i < HITS; i++) {
		in_coroutine();
		swapcontext(&coroutine, &main_context);
	}
}

int main(int argc, char **argv)
{
	if (asked_for_expectations(argc, argv)) {
		expect("hit", HITS, IN_LIBC("__start_context") ";coroutine_main;in_coroutine;hit");
		return 0;
	}
	getcontext(&coroutine);
	coroutine.uc_stack.ss_sp = malloc(STACK_SIZE);
	coroutine.uc_stack.ss_size = STACK_SIZE;
	makecontext(&coroutine, coroutine_main, 0);
	for (int i = 0; i < HITS; i++)
		swapcontext(&main_context, &coroutine);
	return 0;
}
