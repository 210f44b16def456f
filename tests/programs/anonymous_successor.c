/* SPDX-License-Identifier: MIT */
/*
 * Code a program writes itself, where a library's was before it was unloaded: its rows are not
 * those of the library.  It has a frame pointer, as JIT compilers' code that wants to be walked.
 */
#include "expect.h"

#include <dlfcn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HITS = 10, PAGE = 4096 };
#define SETTLE_US 200000 /* what is not the file's own is known when it was reported */

static NOINLINE void callback(void)
{
	hit();
	NO_TAIL_CALL();
}

/* push %rbp; mov %rsp,%rbp; sub $256,%rsp; call *%rdi; leave; ret */
static const unsigned char written[] = {0x55, 0x48, 0x89, 0xe5, 0x48, 0x81, 0xec, 0x00,
					0x01, 0x00, 0x00, 0xff, 0xd7, 0xc9, 0xc3};

static NOINLINE int run_library(const char *program, char **ret_page)
{
	void (*run)(void (*fn)(void), int times);
	char path[4096];
	void *plugin;

	snprintf(path, sizeof(path), "%s.large.so", program);
	plugin = dlopen(path, RTLD_NOW);
	if (!plugin)
		return 1;
	*(void **)&run = dlsym(plugin, "plugin_run");
	usleep(SETTLE_US);
	run(callback, HITS);
	*ret_page = (char *)((unsigned long)run & -(unsigned long)PAGE);
	return dlclose(plugin);
}

static NOINLINE int run_written(char *page)
{
	void (*run)(void (*fn)(void));
	void *at = mmap(page, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (at != page)
		return 1;
	memcpy(at, written, sizeof(written));
	memcpy(&run, &at, sizeof(at));
	usleep(SETTLE_US);
	for (int i = 0; i < HITS; i++)
		run(callback);
	return 0;
}

int main(int argc, char **argv)
{
	char *page = NULL;

	if (asked_for_expectations(argc, argv)) {
		expect("hit", HITS, MAIN ";run_library;plugin_run;large_step;callback;hit");
		expect("hit", HITS, MAIN ";run_written;[^;_]*;callback;hit");
		return 0;
	}
	return run_library(argv[0], &page) || run_written(page);
}
