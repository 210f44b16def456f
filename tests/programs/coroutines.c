/* SPDX-License-Identifier: MIT */
/*
 * Stacks that begin in the middle of nowhere: coroutines of makecontext(), which has a function to
 * return to, and such as switch stacks by hand, whose first function has 0 for a return address.
 * They end there, and are whole; one whose bottom is garbage is cut off, and must say so.
 */
#include "expect.h"

#include <stdint.h>
#include <stdlib.h>
#include <ucontext.h>

enum { HITS = 10, STACK_SIZE = 65536 };

static ucontext_t main_context, coroutine_context;

/* switch_stack(save, to): keeps what a call must keep, as boost's jump_fcontext does. */
__asm__(".text\n.globl switch_stack\n.type switch_stack,@function\nswitch_stack:\n"
	".cfi_startproc\n\tpush %rbp\n.cfi_def_cfa_offset 16\n.cfi_offset rbp, -16\n"
	"\tpush %rbx\n.cfi_def_cfa_offset 24\n\tpush %r12\n.cfi_def_cfa_offset 32\n"
	"\tmov %rsp, (%rdi)\n\tmov %rsi, %rsp\n\tpop %r12\n.cfi_def_cfa_offset 24\n"
	"\tpop %rbx\n.cfi_def_cfa_offset 16\n\tpop %rbp\n.cfi_def_cfa_offset 8\n\tret\n"
	".cfi_endproc\n.size switch_stack,.-switch_stack\n");
void switch_stack(void **save, void *to);

static void *main_stack, *other_stack;

static NOINLINE void in_coroutine(void)
{
	volatile char frame[200];

	frame[0] = 1;
	hit();
	frame[1] = frame[0];
}

static NOINLINE void of_makecontext(void)
{
	for (;;) {
		in_coroutine();
		swapcontext(&coroutine_context, &main_context);
	}
}

static NOINLINE void at_zero(void)
{
	for (;;) {
		in_coroutine();
		switch_stack(&other_stack, main_stack);
	}
}

static NOINLINE void at_garbage(void)
{
	for (;;) {
		in_coroutine();
		switch_stack(&other_stack, main_stack);
		DISTINCT(1);
	}
}

static NOINLINE void by_makecontext(char *stack)
{
	getcontext(&coroutine_context);
	coroutine_context.uc_stack.ss_sp = stack;
	coroutine_context.uc_stack.ss_size = STACK_SIZE;
	coroutine_context.uc_link = &main_context;
	makecontext(&coroutine_context, of_makecontext, 0);
	for (int i = 0; i < HITS; i++)
		swapcontext(&main_context, &coroutine_context);
}

/* As if @fn had been called by @caller, with nothing in the registers it must keep. */
static NOINLINE void by_hand(char *stack, void (*fn)(void), uintptr_t caller)
{
	/* Behind the return address the stack is aligned, as at every call. */
	uintptr_t *top = (uintptr_t *)(void *)(stack + STACK_SIZE) - 9;

	top[3] = (uintptr_t)fn;
	top[4] = caller;
	other_stack = top;
	for (int i = 0; i < HITS; i++)
		switch_stack(&main_stack, other_stack);
}

int main(int argc, char **argv)
{
	char *stacks;

	if (asked_for_expectations(argc, argv)) {
		expect("hit", HITS, IN_LIBC("__start_context") ";of_makecontext;in_coroutine;hit");
		expect("hit", HITS, "at_zero;in_coroutine;hit");
		expect("hit", HITS, "\\[truncated\\];\\[unknown\\];at_garbage;in_coroutine;hit");
		return 0;
	}
	stacks = (char *)calloc(3, STACK_SIZE);
	by_makecontext(stacks);
	by_hand(stacks + STACK_SIZE, at_zero, 0);
	by_hand(stacks + 2 * STACK_SIZE, at_garbage, 0x1234567);
	return 0;
}
