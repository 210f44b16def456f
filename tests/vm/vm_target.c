/* SPDX-License-Identifier: MIT */
/*
 * What is traced in the guest: a chain of calls that ends in something an exact number of times.
 *
 *     vm_target leaf|read|getppid|rename COUNT
 *     vm_target spin SECONDS
 *
 * Exits with 7, to be told apart from every status of ctrace's own.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))

/* After a call: it can then not become a jump, and the caller stays on the stack. */
#define NO_TAIL_CALL() __asm__ volatile("" ::: "memory")

enum { EXIT_WELL = 7 };

NOINLINE void leaf(void);
NOINLINE void leaf(void)
{
	NO_TAIL_CALL();
}

static NOINLINE void spin(unsigned int seconds)
{
	time_t end = time(NULL) + (time_t)seconds;

	while (time(NULL) < end)
		for (int i = 0; i < 1000000; i++)
			NO_TAIL_CALL();
}

static NOINLINE void inner(const char *what, int fd, unsigned int seconds)
{
	char byte;

	if (!strcmp(what, "leaf"))
		leaf();
	else if (!strcmp(what, "read") && read(fd, &byte, 1) != 1)
		abort();
	else if (!strcmp(what, "getppid"))
		syscall(SYS_getppid);
	else if (!strcmp(what, "rename"))
		prctl(PR_SET_NAME, "vm_target");
	else if (!strcmp(what, "spin"))
		spin(seconds);
	NO_TAIL_CALL();
}

static NOINLINE void outer(const char *what, unsigned int amount)
{
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	unsigned int calls = strcmp(what, "spin") ? amount : 1;

	for (unsigned int i = 0; i < calls; i++)
		inner(what, fd, amount);
	close(fd);
	NO_TAIL_CALL();
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: vm_target leaf|read|getppid|rename|spin AMOUNT\n");
		return 2;
	}
	outer(argv[1], (unsigned int)atoi(argv[2]));
	return EXIT_WELL;
}
