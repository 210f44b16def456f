/* SPDX-License-Identifier: MIT */
/* A uprobe on a function called N times by the target gives N, wherever and however it is called.
 */
#include "probe_testing.h"
#include "require_bpf.h"

#include "loader/tracefs.h"

#include <linux/limits.h>
#include <signal.h>

#define TARGET_ARGV(...) ARGV(arg(TARGET("probe_target")), __VA_ARGS__)

static void test_function_of_the_program_is_counted(void **state)
{
	char *const *argv = TARGET_ARGV(arg("calls"), arg("100"));

	(void)state;
	assert_int_equal(count_hits("uprobe:target_one", argv, true, false), 100);
	assert_int_equal(count_hits("u:target_two", argv, true, false), 200);
}

static void test_name_of_hexadecimal_letters_is_a_name(void **state)
{
	char *const *argv = TARGET_ARGV(arg("calls"), arg("7"));

	(void)state;
	assert_int_equal(count_hits("uprobe:add", argv, true, false), 14);
}

static void test_function_of_a_stripped_library_is_found_by_its_short_name(void **state)
{
	char *const *argv = TARGET_ARGV(arg("calls"), arg("10"));

	(void)state;
	assert_int_equal(
		count_hits("uprobe:libprobe_target_library:library_add", argv, true, false), 30);
	assert_int_equal(
		count_hits("uprobe:libprobe_target_library.so:library_add", argv, true, false), 30);
	assert_int_equal(count_hits("uprobe:" TARGET("libprobe_target_library.so") ":library_add",
				    argv, true, false),
			 30);
}

static void test_glob_counts_every_function_it_matches(void **state)
{
	char *const *argv = TARGET_ARGV(arg("calls"), arg("10"));

	(void)state;
	assert_int_equal(count_hits("uprobe:target_t[wx]o", argv, true, false), 20);
	/* one, two, offset; target_locked cannot be probed and is left out */
	assert_int_equal(count_hits("uprobe:target_*", argv, true, false), 40);
	assert_int_equal(count_hits("uprobe:libprobe_target_library:library_*", argv, true, false),
			 40);
}

static void test_returns_are_counted_in_threads_and_children(void **state)
{
	char *const *threads = TARGET_ARGV(arg("threads"), arg("4"), arg("calls"), arg("50"));
	char *const *forked = TARGET_ARGV(arg("calls"), arg("10"), arg("fork"), arg("calls"),
					  arg("20"));

	(void)state;
	assert_int_equal(count_hits("uretprobe:target_one", threads, true, false), 200);
	assert_int_equal(count_hits("ur:target_t[wx]o", forked, true, false), 60);
	assert_int_equal(count_hits("uretprobe:target_one", forked, false, false), 10);
}

static void test_threads_are_counted(void **state)
{
	char *const *argv = TARGET_ARGV(arg("threads"), arg("4"), arg("calls"), arg("50"));

	(void)state;
	assert_int_equal(count_hits("uprobe:target_one", argv, true, false), 200);
	assert_int_equal(count_hits("uprobe:target_one", argv, false, false), 200);
}

static void test_children_are_counted_however_they_were_made(void **state)
{
	char *const *forked = TARGET_ARGV(arg("calls"), arg("10"), arg("fork"), arg("calls"),
					  arg("20"), arg("fork"), arg("calls"), arg("30"));
	char *const *executed = TARGET_ARGV(arg("calls"), arg("10"), arg("exec"), arg("calls"),
					    arg("20"), arg("vfork"), arg("calls"), arg("30"));

	(void)state;
	assert_int_equal(count_hits("uprobe:target_one", forked, true, false), 60);
	assert_int_equal(count_hits("uprobe:target_one", executed, true, false), 60);
}

static void test_children_that_ended_take_nothing_with_them(void **state)
{
	char *const *argv = TARGET_ARGV(arg("threads"), arg("8"), arg("fork"), arg("calls"),
					arg("25"));

	(void)state;
	assert_int_equal(count_hits("uprobe:target_one", argv, true, false), 200);
}

static void test_children_are_left_alone_when_not_wanted(void **state)
{
	char *const *argv = TARGET_ARGV(arg("calls"), arg("10"), arg("fork"), arg("calls"),
					arg("20"));

	(void)state;
	assert_int_equal(count_hits("uprobe:target_one", argv, false, false), 10);
}

static void test_child_of_an_unprivileged_program_forks_and_is_counted(void **state)
{
	const struct launch_options options = {
		.argv = TARGET_ARGV(arg("calls"), arg("10"), arg("fork"), arg("calls"), arg("20"),
				    arg("vfork"), arg("calls"), arg("30")),
		.user = "nobody",
	};
	struct probe_run run;
	struct probe *probe;

	(void)state;
	if (geteuid() != 0)
		skip();
	run.launch = start(&options, &run.output);
	assert_int_equal(launch_to_start(run.launch), 0);
	count_program_init(&run.program, -1);
	run.env = (struct probe_environment){launch_pid(run.launch), true,	  NULL, 0,
					     count_program_fd,	     &run.program};
	probe = attach("uprobe:target_one", 1, &run.env);
	probe_run_finish(&run);
	assert_int_equal(count_program_hits(&run.program, 1), 60);
	probe_free(probe);
	probe_run_release(&run);
}

static void test_other_processes_are_not_counted(void **state)
{
	char *const *other = TARGET_ARGV(arg("calls"), arg("1000"));
	struct probe_run run;
	struct probe *probe;
	pid_t pid;
	int status;

	(void)state;
	probe_run_start(&run, TARGET_ARGV(arg("calls"), arg("5")), false);
	probe = attach("uprobe:target_one", 3, &run.env);
	pid = fork();
	if (pid == 0) {
		execv(other[0], other);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	probe_run_finish(&run);
	assert_int_equal(count_program_hits(&run.program, 3), 5);
	probe_free(probe);
	probe_run_release(&run);
}

static void test_probes_of_one_run_are_told_apart(void **state)
{
	struct probe_run run;
	struct probe *one, *two;

	(void)state;
	probe_run_start(&run,
			TARGET_ARGV(arg("calls"), arg("10"), arg("fork"), arg("calls"), arg("1")),
			false);
	one = attach("uprobe:target_one", 0, &run.env);
	two = attach("uprobe:target_two", 1, &run.env);
	probe_run_finish(&run);
	assert_int_equal(count_program_hits(&run.program, 0), 11);
	assert_int_equal(count_program_hits(&run.program, 1), 22);
	probe_free(two);
	probe_free(one);
	probe_run_release(&run);
}

static void test_address_and_offset_name_places(void **state)
{
	char *const *argv = TARGET_ARGV(arg("calls"), arg("10"));
	char command[2 * PATH_MAX], text[2 * PATH_MAX], line[64];
	FILE *nm;

	(void)state;
	snprintf(command, sizeof(command), "nm '%s' | sed -n 's/ [Tt] target_one$//p'",
		 TARGET("probe_target"));
	nm = popen(command, "r");
	assert_non_null(nm);
	assert_non_null(fgets(line, sizeof(line), nm));
	assert_int_equal(pclose(nm), 0);
	line[strcspn(line, "\n")] = '\0';
	snprintf(text, sizeof(text), "uprobe:%s:0x%s", TARGET("probe_target"), line);
	assert_int_equal(count_hits(text, argv, true, false), 10);
	assert_int_equal(count_hits("uprobe:target_offset+1", argv, true, false), 10);
}

static void test_every_process_without_a_target(void **state)
{
	struct count_program program;
	const struct probe_environment env = {
		.pid = -1, .follow_children = true, .prog_fd = count_program_fd, .arg = &program};
	struct probe *probe;
	int status;
	pid_t pid;

	(void)state;
	count_program_init(&program, -1);
	probe = attach("uprobe:" TARGET("probe_target") ":target_one", 2, &env);
	pid = fork();
	if (pid == 0) {
		execv(TARGET("probe_target"), TARGET_ARGV(arg("calls"), arg("9")));
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(count_program_hits(&program, 2), 9);
	probe_free(probe);
	count_program_release(&program);
}

/* Definitions process @pid has in tracefs. */
static bool has_definitions(pid_t pid)
{
	int tracefs = tracefs_open(), fd;
	char wanted[64], line[512];
	bool found = false;
	FILE *file;

	assert_true(tracefs >= 0);
	fd = openat(tracefs, "uprobe_events", O_RDONLY);
	assert_true(fd >= 0);
	file = fdopen(fd, "r");
	assert_non_null(file);
	snprintf(wanted, sizeof(wanted), "ctrace/c%d_", pid);
	while (fgets(line, sizeof(line), file))
		found = found || strstr(line, wanted);
	fclose(file);
	close(tracefs);
	return found;
}

static void test_nothing_stays_behind(void **state)
{
	(void)state;
	assert_false(has_definitions(getpid()));
}

static void test_what_a_killed_one_left_behind_is_cleared_by_the_next(void **state)
{
	struct probe_run run;
	struct probe *probe;
	int status;
	pid_t pid;

	(void)state;
	probe_run_start(&run, TARGET_ARGV(arg("calls"), arg("1")), false);
	pid = fork();
	if (pid == 0) {
		attach("uprobe:target_one", 0, &run.env);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, SIGKILL);
	assert_true(has_definitions(pid));
	probe = attach("uprobe:target_two", 0, &run.env);
	assert_false(has_definitions(pid));
	assert_true(has_definitions(getpid()));
	probe_run_finish(&run);
	assert_int_equal(count_program_hits(&run.program, 0), 2);
	probe_free(probe);
	probe_run_release(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_function_of_the_program_is_counted),
		cmocka_unit_test(test_name_of_hexadecimal_letters_is_a_name),
		cmocka_unit_test(test_function_of_a_stripped_library_is_found_by_its_short_name),
		cmocka_unit_test(test_glob_counts_every_function_it_matches),
		cmocka_unit_test(test_returns_are_counted_in_threads_and_children),
		cmocka_unit_test(test_threads_are_counted),
		cmocka_unit_test(test_children_are_counted_however_they_were_made),
		cmocka_unit_test(test_children_that_ended_take_nothing_with_them),
		cmocka_unit_test(test_children_are_left_alone_when_not_wanted),
		cmocka_unit_test(test_child_of_an_unprivileged_program_forks_and_is_counted),
		cmocka_unit_test(test_other_processes_are_not_counted),
		cmocka_unit_test(test_probes_of_one_run_are_told_apart),
		cmocka_unit_test(test_address_and_offset_name_places),
		cmocka_unit_test(test_every_process_without_a_target),
		cmocka_unit_test(test_what_a_killed_one_left_behind_is_cleared_by_the_next),
		cmocka_unit_test(test_nothing_stays_behind),
	};

	require_bpf();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
