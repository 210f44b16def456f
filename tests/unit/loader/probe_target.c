/* SPDX-License-Identifier: MIT */
/*
 * A program to be probed: does what its arguments say, in order, so that every count is known.
 *   calls N    N calls of target_one, 2 N of target_two and of add, library_add: 3 N
 *   faults N   touches N new pages
 *   yields N   N times to sleep and back
 *   opens N    N openat system calls
 *   spin MS    that many milliseconds of CPU time
 *   threads N ... / fork ... / vfork ... / exec ...    the rest in N threads, in a child (exec'd
 *              by vfork), in a new image
 */
#include "probe_target.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_THREADS 16

__attribute__((noinline)) int target_one(int a)
{
	__asm__ volatile("" : "+r"(a));
	return a + 1;
}

__attribute__((noinline)) int target_two(int a)
{
	__asm__ volatile("" : "+r"(a));
	return a + 2;
}

/* A name that reads as a hexadecimal number. */
__attribute__((noinline)) int add(int a)
{
	__asm__ volatile("" : "+r"(a));
	return a + 3;
}

/* Its second instruction is one byte after the first. */
__attribute__((naked, noinline)) int target_offset(void);
__attribute__((naked, noinline)) int target_offset(void)
{
	__asm__("nop\n mov $1, %eax\n ret");
}

/* Begins with an instruction the kernel takes no uprobe on. */
__attribute__((naked, noinline)) int target_locked(int *a);
__attribute__((naked, noinline)) int target_locked(int *a)
{
	(void)a;
	__asm__("lock incl (%rdi)\n ret");
}

static void calls(int n)
{
	volatile int sum = 0;
	int locked = 0;

	for (int i = 0; i < n; i++) {
		sum += target_one(i);
		sum += target_two(i) + target_two(i);
		sum += add(i) + add(i);
		for (int j = 0; j < 3; j++)
			sum += library_add(i, j);
		sum += library_multiply(i, i);
		sum += target_offset();
	}
	target_locked(&locked);
}

static void faults(int n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *memory = mmap(NULL, (size_t)n * page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	madvise(memory, (size_t)n * page, MADV_NOHUGEPAGE);
	for (int i = 0; i < n; i++)
		((volatile char *)memory)[(size_t)i * page] = 1;
	munmap(memory, (size_t)n * page);
}

static void spin(int ms)
{
	struct timespec t;

	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	while (t.tv_sec * 1000 + t.tv_nsec / 1000000 < ms);
}

static int run(char **argv);

static void *run_thread(void *arg)
{
	run(arg);
	return NULL;
}

static int threads(int n, char **rest)
{
	pthread_t ids[MAX_THREADS];

	for (int i = 0; i < n && i < MAX_THREADS; i++)
		pthread_create(&ids[i], NULL, run_thread, rest);
	for (int i = 0; i < n && i < MAX_THREADS; i++)
		pthread_join(ids[i], NULL);
	return 0;
}

/* @rest is the new image's argv, its first word standing for the program's name. */
static int exec_self(char **rest)
{
	execv("/proc/self/exe", rest);
	_exit(90);
}

static int wait_for(pid_t pid)
{
	int status = 91;

	if (pid < 0) {
		perror("fork");
		return 92;
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 93;
}

static int run(char **argv)
{
	for (; *argv; argv++) {
		const char *what = *argv;

		if (!strcmp(what, "fork")) {
			pid_t pid = fork();

			if (pid == 0)
				_exit(run(argv + 1));
			return wait_for(pid);
		}
		if (!strcmp(what, "vfork")) {
			pid_t pid = vfork();

			if (pid == 0)
				exec_self(argv);
			return wait_for(pid);
		}
		if (!strcmp(what, "exec"))
			return exec_self(argv);
		if (!argv[1])
			return 94;
		if (!strcmp(what, "threads"))
			return threads(atoi(argv[1]), argv + 2);
		argv++;
		if (!strcmp(what, "calls"))
			calls(atoi(*argv));
		else if (!strcmp(what, "faults"))
			faults(atoi(*argv));
		else if (!strcmp(what, "spin"))
			spin(atoi(*argv));
		else if (!strcmp(what, "yields"))
			for (int i = atoi(*argv); i > 0; i--)
				usleep(100);
		else if (!strcmp(what, "opens"))
			for (int i = atoi(*argv); i > 0; i--)
				close(open("/dev/null", O_RDONLY));
		else
			return 95;
	}
	return 0;
}

int main(int argc, char **argv)
{
	return argc > 1 ? run(argv + 1) : 96;
}
