/* SPDX-License-Identifier: MIT */
/* Fork of a fork, and a chain of three images: every process and every image counts. */
#include "expect.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HITS = 10 };

static NOINLINE void hits(void)
{
	for (int i = 0; i < HITS; i++) {
		hit();
		NO_TAIL_CALL();
	}
}

static NOINLINE void in_parent(void)
{
	hits();
	DISTINCT(0);
}

static NOINLINE void in_child(void)
{
	hits();
	DISTINCT(1);
}

static NOINLINE void in_grandchild(void)
{
	hits();
	DISTINCT(2);
}

static NOINLINE void in_new_image(int stage)
{
	char next[] = {(char)(stage + 1), '\0'};

	hits();
	if (stage < '3')
		execl("/proc/self/exe", "fork_exec", next, (char *)NULL);
	NO_TAIL_CALL();
}

static int reap(pid_t pid)
{
	int status;

	return pid < 0 || waitpid(pid, &status, 0) < 0 || status;
}

static NOINLINE int fork_twice(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		pid_t inner;

		in_child();
		inner = fork();
		if (inner == 0) {
			in_grandchild();
			_exit(0);
		}
		_exit(reap(inner));
	}
	in_parent();
	return reap(pid);
}

static int run_images(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl("/proc/self/exe", "fork_exec", "1", (char *)NULL);
		_exit(1);
	}
	return reap(pid);
}

int main(int argc, char **argv)
{
	if (asked_for_expectations(argc, argv)) {
		expect("hit", HITS, MAIN "(;fork_twice)?;in_parent;hits;hit");
		expect("hit", HITS, MAIN "(;fork_twice)?;in_child;hits;hit");
		expect("hit", HITS, MAIN "(;fork_twice)?;in_grandchild;hits;hit");
		expect("hit", 3 * HITS, MAIN ";in_new_image;hits;hit");
		return 0;
	}
	if (argc == 2) {
		in_new_image(argv[1][0]);
		return argv[1][0] != '3';
	}
	return fork_twice() || run_images();
}
