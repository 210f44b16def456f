/* SPDX-License-Identifier: MIT */
#include "symbolize/perf_map_place.h"

#include "symbolize/perf_map.h"
#include "test.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void assert_name(const struct perf_map *map, uint64_t addr, const char *expected)
{
	const char *name = perf_map_find(map, addr, NULL);

	if (!expected) {
		assert_null(name);
		return;
	}
	assert_non_null(name);
	assert_string_equal(name, expected);
}

/* The files below are those of this very process, as its runtime would write them. */
static const char *own_path(void)
{
	static char path[64];

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
	return path;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int load_own(struct perf_map **ret_map)
{
	struct perf_map_place place;
	int err;

	assert_int_equal(perf_map_place_open(getpid(), &place), 0);
	err = perf_map_place_load(&place, ret_map);
	perf_map_place_close(&place);
	return err;
}

static void a_map_is_found_by_pid_without_its_unfinished_line(void **state)
{
	_cleanup_(perf_map_freep) struct perf_map *map = NULL;
	int err;

	(void)state;
	write_file(own_path(), "1000 10 jitted\n2000 10 half wri");
	err = load_own(&map);
	unlink(own_path());
	assert_int_equal(err, 0);
	assert_name(map, 0x1005, "jitted");
	assert_name(map, 0x2005, NULL);
}

static void a_missing_map_is_no_entry(void **state)
{
	struct perf_map *map = NULL;

	(void)state;
	assert_int_equal(load_own(&map), -ENOENT);
}

static void symlinks_fifos_and_huge_files_are_refused(void **state)
{
	struct perf_map *map = NULL;
	int err;

	(void)state;
	assert_int_equal(symlink("/etc/passwd", own_path()), 0);
	err = load_own(&map);
	unlink(own_path());
	assert_int_equal(err, -EPERM);

	assert_int_equal(mkfifo(own_path(), 0600), 0);
	err = load_own(&map);
	unlink(own_path());
	assert_int_equal(err, -EPERM);

	write_file(own_path(), "");
	assert_int_equal(truncate(own_path(), (off_t)2 << 30), 0);
	err = load_own(&map);
	unlink(own_path());
	assert_int_equal(err, -E2BIG);
}

static void a_map_of_another_user_is_refused(void **state)
{
	struct perf_map *map = NULL;
	int err;

	(void)state;
	if (geteuid() != 0)
		skip();
	write_file(own_path(), "1000 10 planted\n");
	assert_int_equal(chown(own_path(), 12345, 12345), 0);
	err = load_own(&map);
	unlink(own_path());
	assert_int_equal(err, -EPERM);
}

static void what_was_held_at_the_end_outlives_the_file(void **state)
{
	_cleanup_(perf_map_freep) struct perf_map *map = NULL;
	struct perf_map_place place;
	int err;

	(void)state;
	write_file(own_path(), "1000 10 first\n");
	assert_int_equal(perf_map_place_open(getpid(), &place), 0);
	perf_map_place_hold(&place);
	unlink(own_path());
	write_file(own_path(), "1000 10 of the next owner of the pid\n");
	err = perf_map_place_load(&place, &map);
	perf_map_place_close(&place);
	unlink(own_path());
	assert_int_equal(err, 0);
	assert_name(map, 0x1005, "first");
}

static void a_process_that_is_gone_has_no_place(void **state)
{
	struct perf_map_place place;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(perf_map_place_open(pid, &place), -ENOENT);
}

/* As a container's first process: its own /tmp, and known to itself as 1. */
static void live_in_a_container(int ready)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mount("none", "/tmp", "tmpfs", 0, "size=64k") == 0) {
		write_file("/tmp/perf-1.map", "1000 10 contained\n");
		(void)!write(ready, "y", 1);
	}
	close(ready);
	pause();
	_exit(0);
}

static void end_process(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* The pid of such a process, or 0 where namespaces are not allowed. */
static pid_t start_container(void)
{
	char answer;
	int ready[2];
	pid_t pid;
	bool works;

	assert_int_equal(pipe(ready), 0);
	pid = (pid_t)syscall(SYS_clone, CLONE_NEWNS | CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0)
		live_in_a_container(ready[1]);
	close(ready[1]);
	works = pid > 0 && read(ready[0], &answer, 1) == 1;
	close(ready[0]);
	if (!works && pid > 0)
		end_process(pid);
	return works ? pid : 0;
}

static void a_map_is_found_through_namespaces_and_after_the_end(void **state)
{
	_cleanup_(perf_map_freep) struct perf_map *map = NULL;
	struct perf_map_place place;
	pid_t pid;
	int err;

	(void)state;
	pid = start_container();
	if (!pid)
		skip();
	err = perf_map_place_open(pid, &place);
	end_process(pid);
	assert_int_equal(err, 0);
	assert_int_equal(place.inner_pid, 1);
	assert_int_equal(perf_map_place_load(&place, &map), 0);
	perf_map_place_close(&place);
	assert_name(map, 0x1005, "contained");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_map_is_found_by_pid_without_its_unfinished_line),
		cmocka_unit_test(a_missing_map_is_no_entry),
		cmocka_unit_test(symlinks_fifos_and_huge_files_are_refused),
		cmocka_unit_test(a_map_of_another_user_is_refused),
		cmocka_unit_test(what_was_held_at_the_end_outlives_the_file),
		cmocka_unit_test(a_process_that_is_gone_has_no_place),
		cmocka_unit_test(a_map_is_found_through_namespaces_and_after_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
