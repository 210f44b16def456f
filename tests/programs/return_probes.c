/* SPDX-License-Identifier: MIT */
/*
 * Calls whose returns are probed: a chain, a recursion, a function left by a jump to another, one
 * left by longjmp, a signal handler.  A return probe replaces the return address on the stack.
 */
#include "expect.h"

#include <setjmp.h>
#include <signal.h>

enum { HITS = 10, DEPTH = 6 };

static jmp_buf back;

NOINLINE void chain_inner(void);
NOINLINE void chain_middle(void);
NOINLINE void chain_outer(void);
NOINLINE void chain_recursive(int depth);
NOINLINE void chain_landed(void);
NOINLINE void chain_left(void);
NOINLINE void chain_handler(int signal);

NOINLINE void chain_inner(void)
{
	volatile char frame[100];

	frame[0] = 1;
	hit();
	frame[1] = frame[0];
}

NOINLINE void chain_middle(void)
{
	chain_inner();
	DISTINCT(1);
}

NOINLINE void chain_outer(void)
{
	chain_middle();
	DISTINCT(2);
}

NOINLINE void chain_recursive(int depth)
{
	if (depth > 1)
		chain_recursive(depth - 1);
	else
		hit();
	DISTINCT(3);
}

/* Two return probes for one return address. */
__asm__(".text\n.globl chain_jumping\n.type chain_jumping,@function\nchain_jumping:\n"
	".cfi_startproc\n\tnop\n\tjmp chain_landed\n.cfi_endproc\n"
	".size chain_jumping,.-chain_jumping\n");
void chain_jumping(void);

NOINLINE void chain_landed(void)
{
	hit();
	DISTINCT(4);
}

/* Never returns: its return probe is left pending. */
NOINLINE void chain_left(void)
{
	hit();
	longjmp(back, 1);
}

NOINLINE void chain_handler(int signal)
{
	(void)signal;
	hit();
	DISTINCT(5);
}

static NOINLINE void call_all(void)
{
	chain_outer();
	chain_recursive(DEPTH);
	chain_jumping();
	if (!setjmp(back))
		chain_left();
	raise(SIGUSR1);
	DISTINCT(6);
}

#define RECURSION(n) "(;chain_recursive){" #n "}"
#define CALLED	     MAIN ";call_all"
#define HANDLED	     CALLED ";" RAISING ";" SIGNAL_FRAME ";chain_handler"

/* The five stacks on which hit() is called, under probes named @prefix. */
static void expect_hits(const char *probes, const char *prefix)
{
	static const char *const ends[] = {
		CALLED ";chain_outer;chain_middle;chain_inner;hit",
		CALLED RECURSION(6) ";hit",
		CALLED ";chain_landed;hit",
		CALLED ";chain_left;hit",
		HANDLED ";hit",
	};
	char regex[1024];

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(regex, sizeof(regex), "%s%s", prefix, ends[i]);
		expect(probes, HITS, regex);
	}
}

/* What the returns of @name's functions report, under probes named @prefix. */
static void expect_returns(const char *probes, const char *prefix)
{
	static const char *const ends[] = {
		CALLED ";chain_outer;chain_middle;chain_inner",
		CALLED ";chain_outer;chain_middle",
		CALLED ";chain_outer",
		CALLED RECURSION(1),
		CALLED RECURSION(2),
		CALLED RECURSION(3),
		CALLED RECURSION(4),
		CALLED RECURSION(5),
		CALLED RECURSION(6),
		CALLED ";chain_jumping",
		CALLED ";chain_landed",
		HANDLED,
	};
	char regex[1024];

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(regex, sizeof(regex), "%s%s", prefix, ends[i]);
		expect(probes, HITS, regex);
	}
}

#define BOTH "uprobe:hit,uretprobe:chain_*"

int main(int argc, char **argv)
{
	if (asked_for_expectations(argc, argv)) {
		expect_hits("hit", "");
		expect("uretprobe:chain_middle", HITS, CALLED ";chain_outer;chain_middle");
		expect_returns("uretprobe:chain_*", "");
		expect_hits(BOTH, "uprobe:hit;");
		expect_returns(BOTH, "uretprobe:chain_\\*;");
		return 0;
	}
	signal(SIGUSR1, chain_handler);
	for (int i = 0; i < HITS; i++)
		call_all();
	return 0;
}
