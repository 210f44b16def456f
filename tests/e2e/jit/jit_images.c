/* SPDX-License-Identifier: MIT */
/*
 * One address, and whose code is there when: argv[1] says what happens, argv[2] how it is told.
 *   exec map|dump     "red" is called 10 times; the program executes itself; "blue", 20 times
 *   exec-silent map   the same, but the second image tells nothing
 *   reuse dump        "red" is called 10 times; 100 ms later "blue" is there, 20 times
 *   alone map         "red", 10 times
 *   drop map          "red", 10 times, told after the program gave up its user
 *   child-drop map    with code of its own, forks a child that gives up its user and executes
 *                     "alone map"; child-root map: that gets a /tmp of its own first
 */
#include "toy_jitdump.h"

#include <sched.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/wait.h>

#define ADDRESS ((void *)0x200000000000)
#define NOBODY	65534

static int dump = -1;

static void compile_and_call(const char *how, const char *name, int times)
{
	static uint8_t *code;
	void (*target)(void) = knock;
	const void *at;
	size_t size;

	memcpy(&at, &target, sizeof(at));
	if (!code)
		code = mmap(ADDRESS, CODE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	size = emit_framed(code, at);
	if (strcmp(how, "map") == 0)
		tell_name("w", code, size, name);
	if (strcmp(how, "dump") == 0 && dump < 0)
		dump = dump_open();
	if (dump >= 0)
		dump_load(dump, code, size, name);
	call_code(code, times);
}

static void become(const char *self, const char *what, const char *how)
{
	execl("/proc/self/exe", self, what, how, NULL);
	_exit(4);
}

static void become_nobody(void)
{
	if (setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
		_exit(5);
}

static void get_own_tmp(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/tmp", "tmpfs", 0, NULL) < 0)
		_exit(6);
}

static int run_child(const char *self, void (*move)(void))
{
	int status;
	pid_t pid;

	compile_and_call("map", "outside", 3);
	pid = fork();
	if (pid == 0) {
		move();
		become(self, "alone", "map");
	}
	waitpid(pid, &status, 0);
	return status != 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "", *how = argc > 2 ? argv[2] : "";

	if (strcmp(what, "alone") == 0) {
		compile_and_call(how, "red", 10);
	} else if (strcmp(what, "again") == 0) {
		compile_and_call(how, "blue", 20);
	} else if (strcmp(what, "exec") == 0) {
		compile_and_call(how, "red", 10);
		become(argv[0], "again", how);
	} else if (strcmp(what, "exec-silent") == 0) {
		compile_and_call(how, "red", 10);
		become(argv[0], "again", "silently");
	} else if (strcmp(what, "reuse") == 0) {
		compile_and_call(how, "red", 10);
		usleep(100000);
		compile_and_call(how, "blue", 20);
	} else if (strcmp(what, "drop") == 0) {
		compile_and_call("silently", "red", 0);
		become_nobody();
		compile_and_call(how, "red", 10);
	} else if (strcmp(what, "child-drop") == 0) {
		return run_child(argv[0], become_nobody);
	} else if (strcmp(what, "child-root") == 0) {
		return run_child(argv[0], get_own_tmp);
	}
	return 0;
}
