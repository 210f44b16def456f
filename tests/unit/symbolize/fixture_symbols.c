/* SPDX-License-Identifier: MIT */
/* Symbols of every sort a table has to cope with; the facts about them stand in test_symtab.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((noinline)) int exported(int x);
int exported(int x)
{
	return x * 3 + 1;
}

int _exported_alias(int x) __attribute__((alias("exported")));
int weak_name(int x) __attribute__((weak, alias("exported")));

static __attribute__((noinline, used)) int hidden(int x)
{
	return exported(x) + (int)strtol("12", NULL, 10);
}

__asm__(".text\n"
	".p2align 4\n"
	".globl asm_outer\n.type asm_outer,@function\n"
	"asm_outer: nop; nop; nop; nop\n"
	".globl asm_inner\n.type asm_inner,@function\n"
	"asm_inner: nop; nop; nop; nop\n"
	".size asm_inner, 4\n"
	"nop; nop; nop; nop\n"
	".size asm_outer, 12\n"
	".p2align 4\n"
	".globl asm_sizeless\n"
	"asm_sizeless: nop; nop; nop; ret\n"
	".p2align 4\n"
	".globl asm_after\n.type asm_after,@function\n"
	"asm_after: ret\n"
	".size asm_after, 1\n"
	".local after_gap\n"
	".p2align 6\n"
	"nop\n"
	".globl asm_end\n.type asm_end,@function\n"
	"asm_end: ret\n"
	".size asm_end, 1\n");

int main(int argc, char **argv)
{
	puts(argv[argc - 1]);
	return hidden(argc) == (int)strlen(argv[0]);
}
