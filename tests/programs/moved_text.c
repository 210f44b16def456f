/* SPDX-License-Identifier: MIT */
/*
 * A program that lays memory of its own over its text and goes on in the copy, as those do that
 * want their code on huge pages: once with anonymous memory mapped over the place and filled
 * (node, hhvm), once with a filled one moved there (ClickHouse), the whole text or its middle.
 */
#include "expect.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { HITS = 10, PAGE = 4096 };
#define SETTLE_US 100000 /* for the news of it to arrive */

extern const char etext[]; /* of the linker */

static NOINLINE void asks(void)
{
	for (int i = 0; i < HITS; i++) {
		syscall(SYS_getppid);
		NO_TAIL_CALL();
	}
}

#define STAGE(name, number)             \
	static NOINLINE void name(void) \
	{                               \
		usleep(SETTLE_US);      \
		asks();                 \
		DISTINCT(number);       \
	}
STAGE(on_file, 1)
STAGE(on_filled, 2)
STAGE(on_moved, 3)
STAGE(on_middle, 4)

/* A system call without libc, whose text is gone for a moment. */
static inline __attribute__((always_inline)) long raw(long number, long a, long b, long c, long d,
						      long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = 0;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

/* Linked to a place of its own outside of the text, where it survives. */
__attribute__((section(".refill"), noinline)) static void refill(char *to, const char *from,
								 size_t size)
{
	raw(SYS_mmap, (long)to, (long)size, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1);
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
}

static char *copy_of(const char *text, size_t size)
{
	char *copy = (char *)mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				  -1, 0);

	if (copy == MAP_FAILED)
		abort();
	memcpy(copy, text, size);
	return copy;
}

static void fill(char *text, size_t size)
{
	refill(text, copy_of(text, size), size);
	mprotect(text, size, PROT_READ | PROT_EXEC);
}

static void move(char *text, size_t size)
{
	char *copy = copy_of(text, size);

	mprotect(copy, size, PROT_READ | PROT_EXEC);
	if (mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, text) != text)
		abort();
}

int main(int argc, char **argv)
{
	char *begin = (char *)((unsigned long)main & -(unsigned long)PAGE);
	char *end = (char *)(((unsigned long)etext + PAGE - 1) & -(unsigned long)PAGE);

	if (asked_for_expectations(argc, argv)) {
		const char *probe = "tracepoint:syscalls:sys_enter_getppid";

		expect(probe, HITS, MAIN ";on_file;asks;syscall");
		expect(probe, HITS, MAIN ";on_filled;asks;syscall");
		expect(probe, HITS, MAIN ";on_moved;asks;syscall");
		expect(probe, HITS, MAIN ";on_middle;asks;syscall");
		return 0;
	}
	on_file();
	fill(begin, (size_t)(end - begin));
	on_filled();
	move(begin, (size_t)(end - begin));
	on_moved();
	fill(begin, PAGE);
	on_middle();
	return 0;
}
