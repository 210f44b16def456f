/* SPDX-License-Identifier: MIT */
/*
 * Hand-written code with subroutines of its own inside one FDE, as interpreters have: in them the
 * return address that CFI tells is a word of the caller's frame, here 0 or a function's address.
 * The leaf's own return address gives the whole stack; below a call nothing does, and a stack that
 * stops there must say that it is cut.
 */
#include "expect.h"

enum { HITS = 10 };

/* NAME(word): keeps it where a subroutine's CFI has the return address. */
#define INTERPRETER(name, body)                                                                  \
	__asm__(".text\n.globl " #name "\n.type " #name ",@function\n" #name ":\n"               \
		".cfi_startproc\n\tsub $24, %rsp\n.cfi_def_cfa_offset 32\n"                      \
		"\tmov %rdi, 16(%rsp)\n\tcall " #name "_inner\n\tadd $24, %rsp\n"                \
		".cfi_def_cfa_offset 8\n\tret\n.cfi_def_cfa_offset 32\n.size " #name ",.-" #name \
		"\n.globl " #name "_inner\n.type " #name "_inner,@function\n" #name              \
		"_inner:\n\t" body "\n\tret\n.cfi_endproc\n.size " #name "_inner,.-" #name       \
		"_inner\n");                                                                     \
	void name(const void *word)

INTERPRETER(leaf, "nop");
INTERPRETER(calling, "call hit");

NOINLINE void decoy(void)
{
	DISTINCT(1);
}

static NOINLINE void leaf_above_zero(void)
{
	leaf(NULL);
	DISTINCT(2);
}

static NOINLINE void leaf_above_decoy(void)
{
	leaf((const void *)decoy);
	DISTINCT(3);
}

static NOINLINE void calling_above_zero(void)
{
	calling(NULL);
	DISTINCT(4);
}

int main(int argc, char **argv)
{
	if (asked_for_expectations(argc, argv)) {
		expect("leaf_inner", HITS, MAIN ";leaf_above_zero;leaf;leaf_inner");
		expect("leaf_inner", HITS, MAIN ";leaf_above_decoy;leaf;leaf_inner");
		expect("hit", HITS, "\\[truncated\\];(\\[unknown\\];)?calling_inner;hit");
		return 0;
	}
	for (int i = 0; i < HITS; i++) {
		leaf_above_zero();
		leaf_above_decoy();
		calling_above_zero();
	}
	return 0;
}
