/* SPDX-License-Identifier: MIT */
/*
 * Stacks that run through a signal frame: a fault at a known instruction, a signal that raise()
 * sends, and a fault inside a handler; on the normal stack and on an alternate one.
 */
#include "expect.h"

#include <signal.h>
#include <stdlib.h>
#include <ucontext.h>

enum { HITS = 10, UD2_LENGTH = 2, STACK_SIZE = 65536 };

static NOINLINE void faults(void)
{
	__asm__ volatile("ud2" ::: "memory");
}

/* The fault is the function's very first instruction: pc - 1 would be another function's. */
__asm__(".text\n.globl faults_at_once\n.type faults_at_once,@function\nfaults_at_once:\n"
	".cfi_startproc\n\tud2\n\tret\n.cfi_endproc\n.size faults_at_once,.-faults_at_once\n");
void faults_at_once(void);

/* The CFA hangs on a register only the signal's context knows, once the handler has used it. */
__asm__(".text\n.globl faults_by_r13\n.type faults_by_r13,@function\nfaults_by_r13:\n"
	".cfi_startproc\n\tpush %r13\n.cfi_def_cfa_offset 16\n.cfi_offset r13, -16\n"
	"\tmov %rsp, %r13\n.cfi_def_cfa_register r13\n\tsub $0x1000, %rsp\n\tand $-256, %rsp\n"
	"\tud2\n\tmov %r13, %rsp\n.cfi_def_cfa_register rsp\n\tpop %r13\n"
	".cfi_def_cfa_offset 8\n\tret\n.cfi_endproc\n.size faults_by_r13,.-faults_by_r13\n");
void faults_by_r13(void);

/* The same of rbp. */
__asm__(".text\n.globl faults_by_rbp\n.type faults_by_rbp,@function\nfaults_by_rbp:\n"
	".cfi_startproc\n\tpush %rbp\n.cfi_def_cfa_offset 16\n.cfi_offset rbp, -16\n"
	"\tmov %rsp, %rbp\n.cfi_def_cfa_register rbp\n\tsub $0x1000, %rsp\n\tand $-256, %rsp\n"
	"\tud2\n\tleave\n.cfi_def_cfa rsp, 8\n\tret\n.cfi_endproc\n"
	".size faults_by_rbp,.-faults_by_rbp\n");
void faults_by_rbp(void);

static void skip_fault(void *context)
{
	((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += UD2_LENGTH;
}

static NOINLINE void on_fault(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	hit();
	__asm__ volatile("" : : : "r12", "r13", "r14", "r15", "rbx");
	skip_fault(context);
}

static NOINLINE void on_raise(int signal)
{
	(void)signal;
	hit();
	faults();
	NO_TAIL_CALL();
}

static void install(int signal, void *handler, int flags)
{
	struct sigaction action = {.sa_flags = flags};

	if (flags & SA_SIGINFO)
		action.sa_sigaction = (void (*)(int, siginfo_t *, void *))handler;
	else
		action.sa_handler = (void (*)(int))handler;
	sigaction(signal, &action, NULL);
}

static NOINLINE void trigger_all(void)
{
	faults();
	faults_at_once();
	faults_by_r13();
	faults_by_rbp();
	raise(SIGUSR1);
	NO_TAIL_CALL();
}

static NOINLINE void on_normal_stack(void)
{
	for (int i = 0; i < HITS; i++)
		trigger_all();
	NO_TAIL_CALL();
}

/* The alternate stack lies above the frames it interrupts: the stack pointer moves down there. */
static NOINLINE void on_alternate_stack(char *memory)
{
	stack_t stack = {.ss_sp = memory, .ss_size = STACK_SIZE};

	sigaltstack(&stack, NULL);
	install(SIGILL, (void *)on_fault, SA_SIGINFO | SA_ONSTACK | SA_NODEFER);
	install(SIGUSR1, (void *)on_raise, SA_ONSTACK);
	for (int i = 0; i < HITS; i++)
		trigger_all();
	NO_TAIL_CALL();
}

static void expect_from(const char *caller)
{
	static const char *const faulting[] = {"faults", "faults_at_once", "faults_by_r13",
					       "faults_by_rbp"};
	char regex[1024];

	for (size_t i = 0; i < sizeof(faulting) / sizeof(faulting[0]); i++) {
		snprintf(regex, sizeof(regex),
			 MAIN ";%s;trigger_all;%s;" SIGNAL_FRAME ";on_fault;hit", caller,
			 faulting[i]);
		expect("hit", HITS, regex);
	}
	snprintf(regex, sizeof(regex),
		 MAIN ";%s;trigger_all;" RAISING ";" SIGNAL_FRAME ";on_raise;hit", caller);
	expect("hit", HITS, regex);
	snprintf(regex, sizeof(regex),
		 MAIN ";%s;trigger_all;" RAISING ";" SIGNAL_FRAME ";on_raise;faults;" SIGNAL_FRAME
		      ";on_fault;hit",
		 caller);
	expect("hit", HITS, regex);
}

int main(int argc, char **argv)
{
	char *memory;

	if (asked_for_expectations(argc, argv)) {
		expect_from("on_normal_stack");
		expect_from("on_alternate_stack");
		return 0;
	}
	memory = (char *)malloc(STACK_SIZE);
	install(SIGILL, (void *)on_fault, SA_SIGINFO | SA_NODEFER);
	install(SIGUSR1, (void *)on_raise, 0);
	on_normal_stack();
	on_alternate_stack(memory);
	return 0;
}
