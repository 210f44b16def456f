/* SPDX-License-Identifier: MIT */
/* A child that runs on its parent's memory until it calls exec. */
#include "expect.h"

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

static NOINLINE void in_vforked_child(void)
{
	hits();
	execl("/proc/self/exe", "vfork_exec", "image", (char *)NULL);
	_exit(1);
}

static NOINLINE void in_new_image(void)
{
	hits();
	DISTINCT(0);
}

static NOINLINE void in_parent_afterwards(void)
{
	hits();
	DISTINCT(1);
}

static NOINLINE int start_by_vfork(void)
{
	pid_t pid = vfork();
	int status;

	if (pid == 0)
		in_vforked_child();
	in_parent_afterwards();
	return waitpid(pid, &status, 0) < 0 || status;
}

int main(int argc, char **argv)
{
	int failed;

	if (asked_for_expectations(argc, argv)) {
		expect("hit", HITS, MAIN ";start_by_vfork;in_vforked_child;hits;hit");
		expect("hit", HITS, MAIN ";start_by_vfork;in_parent_afterwards;hits;hit");
		expect("hit", HITS, MAIN ";in_new_image;hits;hit");
		return 0;
	}
	if (argc == 2) {
		in_new_image();
		return 0;
	}
	failed = start_by_vfork();
	NO_TAIL_CALL();
	return failed;
}
