/* SPDX-License-Identifier: MIT */
/*
 * What jit_registered.c loads as a compiler at run time would: two functions without frame
 * pointers, of which only the CFI knows where their callers are.
 */
	.text
	.type	registered_inner, @function
registered_inner:
	.cfi_startproc
	push	%rbp
	.cfi_def_cfa_offset 16
	.cfi_offset %rbp, -16
	sub	$32, %rsp
	.cfi_def_cfa_offset 48
	xor	%ebp, %ebp
	call	*%rdi
	add	$32, %rsp
	.cfi_def_cfa_offset 16
	pop	%rbp
	.cfi_restore %rbp
	.cfi_def_cfa_offset 8
	ret
	.cfi_endproc
	.size	registered_inner, . - registered_inner

	.globl	registered_outer
	.type	registered_outer, @function
registered_outer:
	.cfi_startproc
	sub	$8, %rsp
	.cfi_def_cfa_offset 16
	call	registered_inner
	add	$8, %rsp
	.cfi_def_cfa_offset 8
	ret
	.cfi_endproc
	.size	registered_outer, . - registered_outer
	.section .note.GNU-stack, "", @progbits
