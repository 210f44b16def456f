/* SPDX-License-Identifier: MIT */
/* A leaf written in assembly without CFI: its caller is found by the return address at rsp. */
#include "expect.h"

enum { HITS = 25 };

__asm__(".text\n.globl asm_leaf\n.type asm_leaf,@function\nasm_leaf:\n"
	"\tlea 1(%rdi), %eax\n\tret\n.size asm_leaf,.-asm_leaf\n");
int asm_leaf(int n);

static NOINLINE int calls_leaf(int n)
{
	volatile int locals[30];

	locals[n % 30] = asm_leaf(n);
	return locals[n % 30];
}

int main(int argc, char **argv)
{
	int sum = 0;

	if (asked_for_expectations(argc, argv)) {
		expect("asm_leaf", HITS, MAIN ";calls_leaf;asm_leaf");
		return 0;
	}
	for (int n = 0; n < HITS; n++)
		sum += calls_leaf(n);
	return sum != HITS * (HITS + 1) / 2;
}
