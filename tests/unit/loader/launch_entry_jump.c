/* SPDX-License-Identifier: MIT */
/*
 * A program that begins with a jump, as Go's do: the kernel emulates it, so that the thread is
 * already elsewhere when the signal of the entry trap is reported.
 */
__asm__(".globl _start\n"
	"_start:\n"
	"	jmp	body\n"
	"	hlt\n"
	"body:\n"
	"	mov	$60, %eax\n"
	"	mov	$44, %edi\n"
	"	syscall\n");
