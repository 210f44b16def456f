/* SPDX-License-Identifier: MIT */
/*
 * What is x86-64 about the tables: how a CFI state becomes a rule, register names, and code that
 * is known by its bytes.  Another architecture brings a file of this shape.
 */
#ifndef CTRACE_UNWIND_ARCH_X86_64_H
#define CTRACE_UNWIND_ARCH_X86_64_H

#include "unwind/cfi_state.h"

#include <stddef.h>

/* Bytes of code behind the entry point that count as the entry stub. */
#define ARCH_ENTRY_STUB	    64
#define ARCH_MAX_TRAMPOLINE 9

/* The rule of a state that lasts: no ramp.  NONE with its reason when there is none. */
void arch_plain_rule(const struct cfi_state *state, struct unwind_rule *ret_rule);

/* Length of the signal trampoline (rt_sigreturn) that begins at @code, or 0. */
size_t arch_signal_trampoline(const uint8_t *code, size_t size);
/* Position of the first signal trampoline in the @size bytes at @code, or -1. */
ptrdiff_t arch_find_signal_trampoline(const uint8_t *code, size_t size);

/*
 * Position of the code a thread of musl's begins with, or -1: xor %ebp,%ebp; pop %rdi; call *%r9
 * and exit in __clone, whose CFI knows the parent only.  It is ARCH_THREAD_START bytes long.
 */
#define ARCH_THREAD_START 15
ptrdiff_t arch_find_musl_thread(const uint8_t *code, size_t size);

/*
 * Behind the system call of a clone() and before the thread's own code: parent and child are both
 * here, on different stacks, and only the result in RAX tells them apart.
 */
struct arch_clone {
	uint32_t begin;
	uint32_t end;
};

/* The first clone() of glibc's or musl's in the @size bytes at @code. */
bool arch_find_clone(const uint8_t *code, size_t size, struct arch_clone *ret_found);

/* A retpoline, and where in it the stack is 8 bytes deeper than at its first instruction. */
struct arch_retpoline {
	uint32_t begin;
	uint32_t deep_from;
	uint32_t deep_to;
	uint32_t end;
};

/* The first one of gcc's or clang's in the @size bytes at @code. */
bool arch_find_retpoline(const uint8_t *code, size_t size, struct arch_retpoline *ret_found);

/* Does glibc's __start_context begin at @code? */
bool arch_is_context_start(const uint8_t *code, size_t size);

/* How many functions in @code set up a frame pointer. */
size_t arch_count_frames(const uint8_t *code, size_t size);

/* Position of the first "sub $N,%rsp" with an N of one byte, or @size. */
size_t arch_find_sub_rsp(const uint8_t *code, size_t size);

/* "rax" ... "r15"; NULL from 16 on. */
const char *arch_register_name(unsigned int reg);

/* Where the stack is 8 bytes further down than at the function's first byte. */
struct arch_init_stub {
	uint32_t framed_from;
	uint32_t framed_to;
};

/* Is the section @code an .init or .fini as glibc frames it? */
bool arch_find_init_stub(const uint8_t *code, size_t size, struct arch_init_stub *ret_stub);

/* Length of the instruction at @code if it stores RBP in the frame (mov %rbp, N(%rsp)), or 0. */
size_t arch_stores_rbp(const uint8_t *code, size_t size);
bool arch_is_push_rbp(uint8_t code);

/* Behind the return of the parent in a function that calls clone(); @size: there is none. */
size_t arch_find_thread_start(const uint8_t *code, size_t size);

/* Behind the first and the last instruction that load RSP with something new; both 0: none. */
struct arch_stack_switch {
	uint32_t from;
	uint32_t to;
};
void arch_find_stack_switch(const uint8_t *code, size_t size, struct arch_stack_switch *ret_at);

#endif
