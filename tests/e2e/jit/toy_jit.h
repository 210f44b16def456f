/* SPDX-License-Identifier: MIT */
/*
 * A toy of a compiler at run time: functions of a few bytes that call another one, with a frame
 * pointer or without, and the perf map that names them.
 */
#ifndef TOY_JIT_H
#define TOY_JIT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CODE_BYTES 8192

/* What is probed. */
__attribute__((noinline)) static void knock(void)
{
	__asm__ volatile("" ::: "memory");
}

/* push rbp; mov rbp, rsp; mov rax, TARGET; call rax; pop rbp; ret */
static inline size_t emit_framed(uint8_t *to, const void *target)
{
	uint8_t code[] = {0x55, 0x48, 0x89, 0xe5, 0x48, 0xb8, 0,    0,	  0,
			  0,	0,    0,    0,	  0,	0xff, 0xd0, 0x5d, 0xc3};

	memcpy(code + 6, &target, 8);
	memcpy(to, code, sizeof(code));
	return sizeof(code);
}

/* sub rsp, 24; mov rax, TARGET; call rax; add rsp, 24; ret: rbp stays the caller's */
static inline size_t emit_frameless(uint8_t *to, const void *target)
{
	uint8_t code[] = {0x48, 0x83, 0xec, 24,	  0x48, 0xb8, 0,    0,	  0,  0,   0,
			  0,	0,    0,    0xff, 0xd0, 0x48, 0x83, 0xc4, 24, 0xc3};

	memcpy(code + 6, &target, 8);
	memcpy(to, code, sizeof(code));
	return sizeof(code);
}

static inline void tell_name(const char *mode, const void *at, size_t size, const char *name)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
	file = fopen(path, mode);
	fprintf(file, "%lx %zx %s\n", (unsigned long)at, size, name);
	fclose(file);
}

static inline void call_code(const void *code, int times)
{
	void (*function)(void);

	memcpy(&function, &code, sizeof(function));
	for (int i = 0; i < times; i++)
		function();
}

#endif
