/* SPDX-License-Identifier: MIT */
/*
 * Code that appears, goes, and is followed by other code at the same addresses: two plugins with
 * frames of different sizes, opened and closed in turn.
 */
#include "expect.h"

#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

enum { ROUNDS = 3, HITS = 10 };

/* New code is reported to ctrace after it is mapped: this test is about what it does then. */
#define SETTLE_US 200000

static NOINLINE void callback(void)
{
	hit();
	NO_TAIL_CALL();
}

static NOINLINE int use_plugin(const char *program, const char *name)
{
	void (*run)(void (*fn)(void), int times);
	char path[4096];
	void *plugin;

	snprintf(path, sizeof(path), "%s.%s.so", program, name);
	plugin = dlopen(path, RTLD_NOW);
	if (!plugin) {
		fprintf(stderr, "%s\n", dlerror());
		return 1;
	}
	*(void **)&run = dlsym(plugin, "plugin_run");
	usleep(SETTLE_US);
	run(callback, HITS);
	dlclose(plugin);
	return 0;
}

int main(int argc, char **argv)
{
	int failed = 0;

	if (asked_for_expectations(argc, argv)) {
		expect("hit", ROUNDS * HITS, MAIN ";use_plugin;plugin_run;small_step;callback;hit");
		expect("hit", ROUNDS * HITS, MAIN ";use_plugin;plugin_run;large_step;callback;hit");
		return 0;
	}
	for (int i = 0; i < ROUNDS; i++) {
		failed |= use_plugin(argv[0], "small");
		failed |= use_plugin(argv[0], "large");
	}
	return failed;
}
