/* SPDX-License-Identifier: MIT */
#include "symbolize/perf_map_place.h"

#include "symbolize/perf_map.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
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

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void a_map_older_than_the_process_is_another_s(void **state)
{
	const struct timespec old[2] = {{.tv_sec = time(NULL) - 3600},
					{.tv_sec = time(NULL) - 3600}};
	struct perf_map *map = NULL;
	int err;

	(void)state;
	write_file(own_path(), "1000 10 of the last owner of the pid\n");
	assert_int_equal(utimensat(AT_FDCWD, own_path(), old, 0), 0);
	err = load_own(&map);
	unlink(own_path());
	assert_int_equal(err, -ENOENT);
}

/* What a new image's place gives when its map is written by @mode after "1000 10 old". */
static int load_after_exec(const char *mode, const char *text, struct perf_map **ret_map)
{
	struct perf_map_place place;
	FILE *file;
	int err;

	write_file(own_path(), "1000 10 old\n");
	assert_int_equal(perf_map_place_open(getpid(), &place), 0);
	perf_map_place_begin(&place, monotonic_ns());
	if (mode) {
		file = fopen(own_path(), mode);
		fputs(text, file);
		fclose(file);
	}
	err = perf_map_place_load(&place, ret_map);
	perf_map_place_close(&place);
	unlink(own_path());
	return err;
}

static void a_new_image_has_none_of_the_last_one_s_names(void **state)
{
	_cleanup_(perf_map_freep) struct perf_map *appended = NULL, *rewritten = NULL;
	struct perf_map *untouched = NULL;

	(void)state;
	assert_int_equal(load_after_exec(NULL, NULL, &untouched), -ENOENT);
	assert_int_equal(load_after_exec("a", "2000 10 new\n", &appended), 0);
	assert_name(appended, 0x1005, NULL);
	assert_name(appended, 0x2005, "new");
	assert_int_equal(load_after_exec("w", "1000 10 new at the same place\n", &rewritten), 0);
	assert_name(rewritten, 0x1005, "new at the same place");
}

/* A process that becomes another user when it is told to, and tells that it has. */
static pid_t start_one_who_gives_up_its_user(int ret_fds[2])
{
	int to[2], from[2];
	char c = 'x';
	pid_t pid;

	assert_int_equal(pipe(to), 0);
	assert_int_equal(pipe(from), 0);
	pid = fork();
	if (pid == 0) {
		if (read(to[0], &c, 1) != 1 || setuid(12345) < 0 || write(from[1], &c, 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(to[0]);
	close(from[1]);
	ret_fds[0] = from[0];
	ret_fds[1] = to[1];
	return pid;
}

static void a_map_of_a_user_the_process_became_is_taken(void **state)
{
	_cleanup_(perf_map_freep) struct perf_map *map = NULL;
	struct perf_map_place place;
	char path[64], c = 'x';
	int fds[2], err;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	pid = start_one_who_gives_up_its_user(fds);
	assert_int_equal(perf_map_place_open(pid, &place), 0);
	assert_int_equal(write(fds[1], &c, 1), 1);
	assert_int_equal(read(fds[0], &c, 1), 1);
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)pid);
	write_file(path, "1000 10 told later\n");
	assert_int_equal(chown(path, 12345, 12345), 0);
	assert_int_equal(perf_map_place_load(&place, &map), -EPERM);
	perf_map_place_hold(&place);
	err = perf_map_place_load(&place, &map);
	perf_map_place_close(&place);
	unlink(path);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(err, 0);
	assert_name(map, 0x1005, "told later");
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
		cmocka_unit_test(a_map_older_than_the_process_is_another_s),
		cmocka_unit_test(a_new_image_has_none_of_the_last_one_s_names),
		cmocka_unit_test(a_map_of_a_user_the_process_became_is_taken),
		cmocka_unit_test(a_process_that_is_gone_has_no_place),
		cmocka_unit_test(a_map_is_found_through_namespaces_and_after_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
