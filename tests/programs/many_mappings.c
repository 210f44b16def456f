/* SPDX-License-Identifier: MIT */
/*
 * 600 executable mappings: the page of one function, mapped from the program's own file again and
 * again, with holes in between so that none become one.  Its argument is another number.
 */
#include "expect.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { COPIES = 600, MAX_COPIES = 20000, PAGE = 4096 };
#define SETTLE_US      300000 /* the news of so many takes a while */
#define SETTLE_EACH_US 100

/* Alone in its page; calls the function it is given, and nothing by address. */
__asm__(".text\n.balign 4096\n.globl copied\n.type copied,@function\ncopied:\n.cfi_startproc\n"
	"\tpush %rbx\n.cfi_def_cfa_offset 16\n.cfi_offset rbx, -16\n\tsub $48, %rsp\n"
	".cfi_def_cfa_offset 64\n\tcall *%rdi\n\tadd $48, %rsp\n.cfi_def_cfa_offset 16\n"
	"\tpop %rbx\n.cfi_def_cfa_offset 8\n\tret\n.cfi_endproc\n.size copied,.-copied\n"
	".balign 4096\n");
void copied(void (*fn)(void));

extern const char __ehdr_start[]; /* of the linker: where the file's first byte is mapped */

typedef void (*copied_fn)(void (*fn)(void));

static NOINLINE void callback(void)
{
	hit();
	NO_TAIL_CALL();
}

static NOINLINE void call_copies(copied_fn *copies, int nr)
{
	for (int i = 0; i < nr; i++)
		copies[i](callback);
	NO_TAIL_CALL();
}

int main(int argc, char **argv)
{
	off_t off = (off_t)((unsigned long)copied - (unsigned long)__ehdr_start);
	static copied_fn copies[MAX_COPIES];
	int nr = argc > 1 ? atoi(argv[1]) : COPIES;
	char *place;
	int fd;

	if (asked_for_expectations(argc, argv)) {
		expect("hit", COPIES, MAIN ";call_copies;copied;callback;hit");
		return 0;
	}
	if (nr < 0 || nr > MAX_COPIES)
		return 1;
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	place = (char *)mmap(NULL, 2 * MAX_COPIES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);
	if (fd < 0 || place == MAP_FAILED)
		return 1;
	for (int i = 0; i < nr; i++) {
		void *at = place + 2 * i * PAGE;

		if (mmap(at, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd, off) != at)
			return 1;
		memcpy(&copies[i], &at, sizeof(at));
	}
	usleep(SETTLE_US + (useconds_t)nr * SETTLE_EACH_US);
	call_copies(copies, nr);
	return 0;
}
