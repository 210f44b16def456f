/* SPDX-License-Identifier: MIT */
/* posix_spawn: clone(CLONE_VM|CLONE_VFORK) on a stack of its own, then exec. */
#include "expect.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NR_CHILDREN = 4, HITS = 10 };

static NOINLINE void in_spawned(void)
{
	for (int i = 0; i < HITS; i++) {
		hit();
		NO_TAIL_CALL();
	}
}

static int spawn_and_wait(void)
{
	char name[] = "posix_spawned", argument[] = "child";
	char *const arguments[] = {name, argument, NULL};
	int status;
	pid_t pid;

	if (posix_spawn(&pid, "/proc/self/exe", NULL, NULL, arguments, environ))
		return 1;
	return waitpid(pid, &status, 0) < 0 || status;
}

int main(int argc, char **argv)
{
	int failed = 0;

	if (asked_for_expectations(argc, argv)) {
		expect("hit", NR_CHILDREN * HITS, MAIN ";in_spawned;hit");
		return 0;
	}
	if (argc == 2) {
		in_spawned();
		return 0;
	}
	for (int i = 0; i < NR_CHILDREN; i++)
		failed |= spawn_and_wait();
	return failed;
}
