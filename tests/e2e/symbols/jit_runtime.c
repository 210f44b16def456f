/* SPDX-License-Identifier: MIT */
/*
 * A runtime that compiles one function, "jitted loop", calls it for half a second and tells its
 * name the way argv[1] says: "map" writes /tmp/perf-PID.map, "link" makes that a symbolic link,
 * "dump" maps a jitdump and deletes it, "child" has a forked child run the parent's code.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CODE_BYTES 4096
#define NAME	   "jitted loop"

struct dump_header {
	uint32_t magic, version, total_size, elf_mach, pad1, pid;
	uint64_t timestamp, flags;
};

struct dump_load {
	uint32_t id, total_size;
	uint64_t timestamp;
	uint32_t pid, tid;
	uint64_t vma, code_addr, code_size, code_index;
};

static const unsigned char code[] = {
	0xb9, 0x40, 0x42, 0x0f, 0x00, /* mov $1000000, %ecx */
	0xff, 0xc9,		      /* dec %ecx */
	0x75, 0xfc,		      /* jne */
	0xc3,			      /* ret */
};

static void write_map(const void *start, int pid, int as_link)
{
	char path[64], real[64];
	FILE *file;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", pid);
	snprintf(real, sizeof(real), "/tmp/elsewhere-%d.map", pid);
	unlink(path);
	file = fopen(as_link ? real : path, "w");
	fprintf(file, "%lx %zx " NAME "\n", (unsigned long)start, sizeof(code));
	fclose(file);
	if (as_link && symlink(real, path) < 0)
		_exit(1);
}

static void write_dump(void *start)
{
	struct dump_header header = {.magic = 0x4a695444,
				     .version = 1,
				     .total_size = sizeof(header),
				     .elf_mach = EM_X86_64,
				     .pid = (uint32_t)getpid()};
	struct dump_load load = {.total_size = sizeof(load) + sizeof(NAME) + sizeof(code),
				 .pid = (uint32_t)getpid(),
				 .vma = (uint64_t)start,
				 .code_addr = (uint64_t)start,
				 .code_size = sizeof(code)};
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "jit-%d.dump", (int)getpid());
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (write(fd, &header, sizeof(header)) < 0 ||
	    mmap(NULL, sizeof(header), PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED ||
	    write(fd, &load, sizeof(load)) < 0 || write(fd, NAME, sizeof(NAME)) < 0 ||
	    write(fd, code, sizeof(code)) < 0)
		_exit(1);
	close(fd);
	unlink(path);
}

static void run(void (*function)(void))
{
	struct timespec begin, now;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		function();
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - begin.tv_sec) * 1000000000L + now.tv_nsec - begin.tv_nsec <
		 500000000L);
}

int main(int argc, char **argv)
{
	void *start = mmap(NULL, CODE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	const char *how = argc > 1 ? argv[1] : "map";
	void (*function)(void);

	memcpy(start, code, sizeof(code));
	if (mprotect(start, CODE_BYTES, PROT_READ | PROT_EXEC) < 0)
		return 1;
	memcpy(&function, &start, sizeof(function));
	if (strcmp(how, "dump") == 0)
		write_dump(start);
	else
		write_map(start, (int)getpid(), strcmp(how, "link") == 0);
	if (strcmp(how, "child") == 0) {
		if (fork() == 0) {
			run(function);
			_exit(0);
		}
		wait(NULL);
	} else {
		run(function);
	}
	return 0;
}
