/* SPDX-License-Identifier: MIT */
/*
 * Other code at the same address, at once: two pages of the program's own file are mapped there in
 * turn and called without any delay, long before a profiler can have heard of it.
 */
#include "expect.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ROUNDS = 200, PAGE = 4096 };

/* Alone in its page, with a frame of that many bytes; calls the function it is given. */
#define PAGE_FUNCTION(name, bytes, cfa)                                                          \
	__asm__(".text\n.balign 4096\n.globl " #name "\n.type " #name ",@function\n" #name ":\n" \
		".cfi_startproc\n\tpush %rbx\n.cfi_def_cfa_offset 16\n.cfi_offset rbx, -16\n"    \
		"\tsub $" #bytes ", %rsp\n.cfi_def_cfa_offset " #cfa "\n\tcall *%rdi\n"          \
		"\tadd $" #bytes ", %rsp\n.cfi_def_cfa_offset 16\n\tpop %rbx\n"                  \
		".cfi_def_cfa_offset 8\n\tret\n.cfi_endproc\n.size " #name ",.-" #name "\n"      \
		".balign 4096\n");                                                               \
	void name(void (*fn)(void))

PAGE_FUNCTION(small_frame, 48, 64);
PAGE_FUNCTION(large_frame, 1200, 1216);

extern const char __ehdr_start[]; /* of the linker: where the file's first byte is mapped */

static NOINLINE void callback(void)
{
	hit();
	NO_TAIL_CALL();
}

static NOINLINE int map_and_call(int fd, void *place, void (*function)(void (*fn)(void)))
{
	off_t off = (off_t)((unsigned long)function - (unsigned long)__ehdr_start);
	void (*mapped)(void (*fn)(void));

	if (mmap(place, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd, off) != place)
		return 1;
	memcpy(&mapped, &place, sizeof(place));
	mapped(callback);
	return 0;
}

int main(int argc, char **argv)
{
	int fd, failed = 0;
	void *place;

	if (asked_for_expectations(argc, argv)) {
		expect("hit", ROUNDS, MAIN ";map_and_call;small_frame;callback;hit");
		expect("hit", ROUNDS, MAIN ";map_and_call;large_frame;callback;hit");
		return 0;
	}
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	place = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < ROUNDS; i++) {
		failed |= map_and_call(fd, place, small_frame);
		failed |= map_and_call(fd, place, large_frame);
	}
	return failed || fd < 0;
}
