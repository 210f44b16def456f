/* SPDX-License-Identifier: MIT */
/*
 * Code that appears, goes, and is followed by other code at the same addresses: two plugins with
 * frames of different sizes, opened and closed in turn.
 */
#include "expect.h"

#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

enum { ROUNDS = 20, HITS = 10 };

/* A file ctrace has not met yet is read in its own time; the next times it must not matter. */
#define SETTLE_US 200000

static NOINLINE void callback(void)
{
	hit();
	NO_TAIL_CALL();
}

static NOINLINE int use_plugin(const char *program, const char *name, bool is_first)
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
	if (is_first)
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
		failed |= use_plugin(argv[0], "small", i == 0);
		failed |= use_plugin(argv[0], "large", i == 0);
	}
	return failed;
}
