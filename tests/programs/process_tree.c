/* SPDX-License-Identifier: MIT */
/*
 * Processes in every kinship, and each works: orphans, grandchildren that fork or make threads,
 * servers that fork ahead, processes whose first thread ends before the others, images called by
 * vfork, by posix_spawn and by a thread.
 *
 *     process_tree                     all shapes
 *     process_tree SHAPE               one
 *     process_tree own SHAPE           one, with the first process in the place of a child
 *     process_tree work                no tree, only what each process does
 *     process_tree burn MILLISECONDS   the same by the clock
 */
#include "expect.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { HITS = 5, CHILDREN = 12, PAGE = 4096 };

static int done[2]; /* whoever still works has the writing end open */
static pthread_t first_thread;
static const char *self;

/* The first access to a page: one fault. */
static NOINLINE void touch(void)
{
	volatile char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				   -1, 0);

	if (page == MAP_FAILED)
		abort();
	*page = 1;
	munmap((void *)page, PAGE);
}

static NOINLINE void work(void)
{
	for (int i = 0; i < HITS; i++) {
		hit();
		syscall(SYS_getpgrp);
		touch();
		usleep(500);
		NO_TAIL_CALL();
	}
}

static NOINLINE void burn(long milliseconds)
{
	clock_t end = clock() + milliseconds * (CLOCKS_PER_SEC / 1000);

	while (clock() < end)
		for (int i = 0; i < 100000; i++)
			NO_TAIL_CALL();
}

static pid_t start(void)
{
	pid_t pid = fork();

	if (pid < 0)
		abort();
	return pid;
}

static void end(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status)
		abort();
}

/* The child works on when its parent is gone. */
static NOINLINE void orphan(void)
{
	pid_t middle = start();

	if (middle) {
		end(middle);
		return;
	}
	middle = getpid();
	if (start())
		_exit(0);
	while (getppid() == middle)
		usleep(100);
	work();
	_exit(0);
}

/* As daemons begin: nobody waits for anybody. */
static NOINLINE void daemon_at_once(void)
{
	pid_t middle = start();

	if (middle) {
		end(middle);
		return;
	}
	if (!start())
		work();
	_exit(0);
}

/* In a child of its own, so that those it starts are grandchildren. */
static void in_child(void (*shape)(void))
{
	pid_t pid = start();

	if (pid) {
		end(pid);
		return;
	}
	shape();
	_exit(0);
}

static NOINLINE void fork_in_turn(void)
{
	for (int i = 0; i < CHILDREN; i++) {
		in_child(work);
		work();
		NO_TAIL_CALL();
	}
}

static void *worker(void *arg)
{
	work();
	NO_TAIL_CALL();
	return arg;
}

static NOINLINE void threads_in_turn(void)
{
	for (int i = 0; i < CHILDREN; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, worker, NULL))
			abort();
		pthread_join(thread, NULL);
		work();
		NO_TAIL_CALL();
	}
}

static NOINLINE void prefork(void)
{
	pid_t pids[CHILDREN];

	for (int i = 0; i < CHILDREN; i++) {
		pids[i] = start();
		if (!pids[i]) {
			work();
			_exit(0);
		}
	}
	for (int i = 0; i < CHILDREN; i++)
		end(pids[i]);
}

static void *survivor(void *arg)
{
	pthread_t thread;

	pthread_join(first_thread, NULL);
	usleep(20000);
	work();
	if (pthread_create(&thread, NULL, worker, NULL))
		abort();
	pthread_join(thread, NULL);
	in_child(work);
	_exit(0);
	return arg;
}

/* The process lives on in another thread, which makes a thread and forks. */
static NOINLINE void first_thread_ends(void)
{
	pthread_t thread;

	first_thread = pthread_self();
	if (pthread_create(&thread, NULL, survivor, NULL))
		abort();
	pthread_exit(NULL);
}

static void *caller(void *arg)
{
	execl(self, self, "work", (char *)NULL);
	abort();
	return arg;
}

/* The thread that calls exec is the process's first from then on. */
static NOINLINE void exec_by_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, caller, NULL))
		abort();
	pthread_join(thread, NULL);
}

static NOINLINE void vfork_exec(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execl(self, self, "work", (char *)NULL);
		_exit(1);
	}
	end(pid);
}

static NOINLINE void spawn(void)
{
	char name[] = "process_tree", argument[] = "work";
	char *const arguments[] = {name, argument, NULL};
	pid_t pid;

	if (posix_spawn(&pid, self, NULL, NULL, arguments, environ))
		abort();
	end(pid);
}

static const struct shape {
	const char *name;
	void (*make)(void);
	bool own_process; /* which it ends or replaces, or so that what it starts are grandchildren
			   */
} shapes[] = {
	{"orphan", orphan, false},
	{"daemon", daemon_at_once, false},
	{"forks", fork_in_turn, true},
	{"threads", threads_in_turn, true},
	{"prefork", prefork, true},
	{"first_thread_ends", first_thread_ends, true},
	{"exec_by_thread", exec_by_thread, true},
	{"vfork", vfork_exec, false},
	{"spawn", spawn, false},
};

static void make(const struct shape *shape)
{
	if (shape->own_process)
		in_child(shape->make);
	else
		shape->make();
}

static void make_all(void)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		make(&shapes[i]);
}

static const struct shape *find(const char *name)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (!strcmp(shapes[i].name, name))
			return &shapes[i];
	fprintf(stderr, "process_tree: no shape '%s'\n", name);
	exit(2);
}

static void expect_all(const char *probe, const char *leaf)
{
	static const struct {
		unsigned int times;
		const char *callers;
	} workers[] = {
		{1, MAIN ";(.*;)?orphan"},
		{1, MAIN ";(.*;)?daemon_at_once"},
		{2 * CHILDREN, MAIN ";(.*;)?fork_in_turn(;in_child)?"},
		{CHILDREN, MAIN ";(.*;)?threads_in_turn"},
		{CHILDREN, MAIN ";(.*;)?prefork"},
		{CHILDREN + 1, THREAD ";worker"},
		{2, THREAD ";survivor(;in_child)?"},
		{3, MAIN},
	};

	for (size_t i = 0; i < sizeof(workers) / sizeof(workers[0]); i++) {
		char stack[512];

		snprintf(stack, sizeof(stack), "%s;work;%s", workers[i].callers, leaf);
		expect(probe, workers[i].times * HITS, stack);
	}
}

int main(int argc, char **argv)
{
	char byte;

	if (asked_for_expectations(argc, argv)) {
		expect_all("hit", "hit");
		expect_all("uretprobe:hit", "hit");
		expect_all("tracepoint:syscalls:sys_enter_getpgrp", IN_LIBC("syscall"));
		return 0;
	}
	self = argv[0];
	if (argc == 2 && !strcmp(argv[1], "work")) {
		work();
		return 0;
	}
	if (argc == 3 && !strcmp(argv[1], "burn")) {
		burn(atol(argv[2]));
		return 0;
	}
	if (pipe(done))
		return 1;
	if (argc == 1)
		make_all();
	else if (argc == 3)
		find(argv[2])->make();
	else
		make(find(argv[1]));
	close(done[1]);
	while (read(done[0], &byte, 1) < 0 && errno == EINTR)
		continue;
	return 0;
}
