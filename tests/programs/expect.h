/* SPDX-License-Identifier: MIT */
/*
 * What the programs here share.  Each has one property a stack walk can trip over, calls hit() (or
 * another function it names) an exact number of times, and with --expect as its only argument
 * says what must be seen:
 *     FUNCTION COUNT REGEX
 * the whole stack without its first frame (the comm), root first, frames joined by ';'.
 * run_expect.py in tests/e2e holds ctrace to it.
 */
#ifndef CTRACE_TESTS_EXPECT_H
#define CTRACE_TESTS_EXPECT_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#ifdef __clang__
#define NOINLINE __attribute__((noinline))
#else
#define NOINLINE __attribute__((noinline, noclone))
#endif

/* After a call: it can then not become a jump, and the caller stays on the stack. */
#define NO_TAIL_CALL() __asm__ volatile("" ::: "memory")

/* The same, and no other function has this body: gcc makes equal functions one. */
#define DISTINCT(number) __asm__ volatile("nopl " #number "(%%rax)" ::: "memory")

/* Without libc's debug symbols what it does not export has no name. */
#define IN_LIBC(name) "((__GI_+)?(" name ")|\\[libc\\.so(\\.6)?(\\+0x[0-9a-f]+)?\\])"
#define SIGNAL_FRAME  IN_LIBC("(__)?restore_rt")
#ifdef __GLIBC__
#define MAIN	"_start;__libc_start_main(_impl)?;" IN_LIBC("__libc_start_call_main") ";main"
#define THREAD	IN_LIBC("(__)?clone3?") ";" IN_LIBC("start_thread")
#define RAISING IN_LIBC("(gsignal|raise)") "(;" IN_LIBC("[a-z_]*pthread_kill[a-z_]*") ")*"
#else /* musl */
#define MAIN	"_start;" IN_LIBC("libc_start_main_stage2") ";main"
#define THREAD	IN_LIBC("__clone") ";" IN_LIBC("start")
#define RAISING IN_LIBC("raise") ";" IN_LIBC("__restore_sigs")
#endif

#ifdef __cplusplus
extern "C"
#endif
	void
	hit(void);

NOINLINE void hit(void)
{
	NO_TAIL_CALL();
}

static inline bool asked_for_expectations(int argc, char **argv)
{
	return argc == 2 && !strcmp(argv[1], "--expect");
}

static inline void expect(const char *function, unsigned int count, const char *regex)
{
	printf("%s %u %s\n", function, count, regex);
}

#endif
