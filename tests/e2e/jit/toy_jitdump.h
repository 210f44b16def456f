/* SPDX-License-Identifier: MIT */
/* Writes a jitdump beside the program, as runtimes do for profilers. */
#ifndef TOY_JITDUMP_H
#define TOY_JITDUMP_H

#include "toy_jit.h"

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>

struct dump_header {
	uint32_t magic, version, total_size, machine, pad, pid;
	uint64_t timestamp, flags;
};

struct dump_load {
	uint32_t id, total_size;
	uint64_t timestamp;
	uint32_t pid, tid;
	uint64_t vma, code_addr, code_size, code_index;
};

static inline uint64_t dump_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline void write_all(int fd, const void *bytes, size_t size)
{
	if (write(fd, bytes, size) != (ssize_t)size)
		exit(3);
}

static inline int dump_open(void)
{
	struct dump_header header = {.magic = 0x4a695444,
				     .version = 1,
				     .total_size = sizeof(header),
				     .machine = EM_X86_64,
				     .pid = (uint32_t)getpid(),
				     .timestamp = dump_time()};
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "jit-%d.dump", (int)getpid());
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	write_all(fd, &header, sizeof(header));
	if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
		exit(3);
	return fd;
}

static inline void dump_load(int fd, const void *code, size_t size, const char *name)
{
	static uint64_t index;
	struct dump_load load = {.total_size = (uint32_t)(sizeof(load) + strlen(name) + 1 + size),
				 .timestamp = dump_time(),
				 .pid = (uint32_t)getpid(),
				 .tid = (uint32_t)getpid(),
				 .vma = (uint64_t)code,
				 .code_addr = (uint64_t)code,
				 .code_size = size,
				 .code_index = ++index};

	write_all(fd, &load, sizeof(load));
	write_all(fd, name, strlen(name) + 1);
	write_all(fd, code, size);
}

#endif
