/* SPDX-License-Identifier: MIT */
/*
 * One compiled function, "red", which calls knock() 20 times, in memory of the kind argv[1] names:
 * what compilers use, and what they fall back to where they may not have memory that is both
 * written and executed.
 */
#include "toy_jit.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>

/* A file for two mappings of the same memory, one to write and one to execute; or -1. */
static int open_memory(const char *kind)
{
	char path[] = "/tmp/toy-jit-XXXXXX", here[] = "./toy-jit-XXXXXX";
	int fd = -1;

	if (strcmp(kind, "memfd") == 0)
		return memfd_create("toy", 0);
	if (strcmp(kind, "unnamed") == 0)
		return open("/tmp", O_TMPFILE | O_RDWR, 0600);
	if (strcmp(kind, "unlinked") == 0 || strcmp(kind, "kept") == 0) {
		fd = mkstemp(path);
		if (strcmp(kind, "unlinked") == 0)
			unlink(path);
	} else if (strcmp(kind, "elsewhere") == 0) {
		fd = mkstemp(here);
		unlink(here);
	}
	return fd;
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "anonymous";
	uint8_t *write = NULL, *execute = NULL;
	void (*target)(void) = knock;
	int fd = open_memory(kind);
	const void *at;

	memcpy(&at, &target, sizeof(at));
	if (fd >= 0) {
		if (ftruncate(fd, CODE_BYTES) < 0)
			return 1;
		write = mmap(NULL, CODE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		execute = mmap(NULL, CODE_BYTES, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	} else if (strcmp(kind, "anonymous") == 0) {
		write = execute = mmap(NULL, CODE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	}
	if (!write || write == MAP_FAILED || execute == MAP_FAILED)
		return 1;
	tell_name("w", execute, emit_framed(write, at), "red");
	usleep(50000);
	call_code(execute, 20);
	return 0;
}
