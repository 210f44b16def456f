/* SPDX-License-Identifier: MIT */
/*
 * A function that runs another one on a stack of its own, as runtimes with coroutines do; its CFI
 * leads back to the first stack.
 */
#include "expect.h"

#include <stdlib.h>

enum { HITS = 20, STACK_SIZE = 65536 };

/* run_on_stack(top, fn): the CFA hangs on rbp, which keeps to the old stack. */
__asm__(".text\n.globl run_on_stack\n.type run_on_stack,@function\nrun_on_stack:\n"
	".cfi_startproc\n\tpush %rbp\n.cfi_def_cfa_offset 16\n.cfi_offset rbp, -16\n"
	"\tmov %rsp, %rbp\n.cfi_def_cfa_register rbp\n\tmov %rdi, %rsp\n\tcall *%rsi\n"
	"\tmov %rbp, %rsp\n\tpop %rbp\n.cfi_def_cfa rsp, 8\n\tret\n.cfi_endproc\n"
	".size run_on_stack,.-run_on_stack\n");
void run_on_stack(void *top, void (*fn)(void));

static NOINLINE void on_other_stack(void)
{
	volatile char frame[300];

	frame[0] = 1;
	hit();
	NO_TAIL_CALL();
	frame[1] = frame[0];
}

static NOINLINE void switch_stacks(char *memory)
{
	run_on_stack(memory + STACK_SIZE, on_other_stack);
	NO_TAIL_CALL();
}

int main(int argc, char **argv)
{
	char *memory;

	if (asked_for_expectations(argc, argv)) {
		expect("hit", HITS, MAIN ";switch_stacks;run_on_stack;on_other_stack;hit");
		return 0;
	}
	memory = (char *)malloc(STACK_SIZE);
	for (int i = 0; i < HITS; i++)
		switch_stacks(memory);
	return 0;
}
