/* SPDX-License-Identifier: MIT */
/*
 * Debug information that means harm (make_hostile.py): whatever it is, the symbol table's name
 * comes, soon and without much memory, and what is wrong is said.
 */
#include "common/alloc.h"
#include "common/intern.h"
#include "fixtures.h"
#include "symbolize/symbolizer.h"
#include "test.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_CPU_SECONDS 10 /* with sanitizers on a busy machine; 0.5 otherwise */
#define MAX_RSS_KB	(512L << 10)

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* Names an address of "victim"; in a child, to see what it takes. */
static void name_victim(const char *path)
{
	static const struct symbolize_options options = {
		.inlines = true, .lines = true, .demangle = DEMANGLE_NONE};
	struct symbolize_address addr = {.vaddr = symbol_vaddr(path, "victim") + 33};
	_cleanup_(intern_freep) struct intern *strings = intern_new();
	struct symbolize_stats stats;
	const char *name;
	bool is_good;

	if (symbolize_object(path, NULL, NULL, &options, strings, &addr, 1, &stats) != 0)
		_exit(2);
	name = addr.frames[addr.nr_frames - 1].name;
	is_good = strcmp(name, "victim") == 0 && addr.nr_frames <= 2;
	/* A program that is refused or damaged says so. */
	is_good = is_good && (!stats.is_damaged || strstr(stats.source, "DWARF"));
	printf("%-24s %s, %u frames; %s\n", strrchr(path, '/') + 1, name, addr.nr_frames,
	       stats.source);
	fflush(stdout);
	symbolize_release(&addr, 1);
	_exit(is_good ? 0 : 1);
}

static void check_program(const char *name)
{
	_cleanup_free_ char *path = xasprintf(SYMBOLIZE_HOSTILE "/%s", name);
	struct rusage usage;
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		name_victim(path);
	assert_int_equal(wait4(pid, &status, 0, &usage), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("%s: status %#x", name, status);
	if (seconds(usage.ru_utime) + seconds(usage.ru_stime) > MAX_CPU_SECONDS)
		fail_msg("%s took %.1f s", name, seconds(usage.ru_utime) + seconds(usage.ru_stime));
	if (usage.ru_maxrss > MAX_RSS_KB)
		fail_msg("%s took %ld MB", name, usage.ru_maxrss >> 10);
}

static void hostile_debug_information_costs_its_names_only(void **state)
{
	_cleanup_fclose_ FILE *made = fopen(SYMBOLIZE_HOSTILE "/made", "r");
	char name[128];
	size_t nr = 0;

	(void)state;
	assert_non_null(made);
	while (fgets(name, sizeof(name), made)) {
		name[strcspn(name, "\n")] = '\0';
		check_program(name);
		nr++;
	}
	assert_true(nr >= 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_debug_information_costs_its_names_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
