/* SPDX-License-Identifier: MIT */
/*
 * SIGKILL for the launcher at every stage: the program runs on and ends as it would have.  The
 * test is the reaper of orphans, so it sees the program's own status.
 */
#include "launch_testing.h"
#include "require_bpf.h"

#include <signal.h>
#include <sys/prctl.h>

enum stage { STAGE_STARTED, STAGE_AT_ENTRY, STAGE_DETACHED, NR_STAGES };

static void launcher_main(int report_fd, int word_fd, const char *program, bool pause_at[NR_STAGES])
{
	const struct launch_options options = {.argv = ARGV(arg(program), arg("later"), arg("42"))};
	struct launch *launch = NULL;
	char *error, word;

	dup2(word_fd, STDOUT_FILENO);
	if (launch_start(&options, &launch, &error) < 0)
		_exit(1);
	for (int stage = 0; stage < NR_STAGES; stage++) {
		pid_t pid = launch_pid(launch);

		if (stage == STAGE_AT_ENTRY && launch_to_start(launch) < 0)
			_exit(2);
		if (stage == STAGE_DETACHED && launch_detach(launch) < 0)
			_exit(3);
		if (stage == STAGE_STARTED || pause_at[stage])
			word = write(report_fd, &pid, sizeof(pid)) == (ssize_t)sizeof(pid);
		while (pause_at[stage])
			pause();
	}
	(void)word;
	for (;;)
		pause();
}

/* Kills the launcher @delay_us after it reported @stage; true when the program was unharmed. */
static void check_survives(const char *program, enum stage stage, unsigned int delay_us,
			   bool paused)
{
	bool pause_at[NR_STAGES] = {false};
	int report[2], word[2], status;
	char byte = 0;
	pid_t launcher, pid = 0;

	pause_at[stage] = paused;
	assert_int_equal(pipe2(report, O_CLOEXEC), 0);
	assert_int_equal(pipe2(word, O_CLOEXEC), 0);
	launcher = fork();
	if (launcher == 0)
		launcher_main(report[1], word[1], program, pause_at);
	close(report[1]);
	close(word[1]);
	assert_int_equal(read(report[0], &pid, sizeof(pid)), sizeof(pid));
	if (paused && stage != STAGE_STARTED)
		assert_int_equal(read(report[0], &pid, sizeof(pid)), sizeof(pid));
	usleep(delay_us);
	kill(launcher, SIGKILL);
	assert_int_equal(waitpid(launcher, &status, 0), launcher);
	assert_int_equal(status, SIGKILL);

	alarm(20); /* a program left stopped fails the test instead of hanging it */
	assert_int_equal(read(word[0], &byte, 1), 1);
	assert_int_equal(byte, 'd');
	assert_int_equal(waitpid(pid, &status, 0), pid);
	alarm(0);
	assert_int_equal(status, W_EXITCODE(42, 0));
	close(report[0]);
	close(word[0]);
}

static void test_killed_in_the_exec_stop_the_program_runs_on(void **state)
{
	(void)state;
	check_survives(TARGET("launch_pie"), STAGE_STARTED, 0, true);
	check_survives(TARGET("launch_static"), STAGE_STARTED, 0, true);
}

static void test_killed_at_the_entry_the_program_runs_on(void **state)
{
	(void)state;
	check_survives(TARGET("launch_pie"), STAGE_AT_ENTRY, 0, true);
	check_survives(TARGET("launch_static_pie"), STAGE_AT_ENTRY, 0, true);
}

static void test_killed_after_the_detach_the_program_runs_on(void **state)
{
	(void)state;
	check_survives(TARGET("launch_pie"), STAGE_DETACHED, 0, true);
}

static void test_killed_at_any_moment_on_the_way_the_program_runs_on(void **state)
{
	(void)state;
	/* the way from the exec stop to the detach takes about 20 ms here */
	for (unsigned int delay_us = 0; delay_us < 30000; delay_us += 300) {
		check_survives(delay_us % 600 ? TARGET("launch_pie") : TARGET("launch_static"),
			       STAGE_STARTED, delay_us, false);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_killed_in_the_exec_stop_the_program_runs_on),
		cmocka_unit_test(test_killed_at_the_entry_the_program_runs_on),
		cmocka_unit_test(test_killed_after_the_detach_the_program_runs_on),
		cmocka_unit_test(test_killed_at_any_moment_on_the_way_the_program_runs_on),
	};

	require_bpf();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
