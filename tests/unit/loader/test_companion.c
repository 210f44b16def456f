/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "loader/companion.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* In a process group of its own, which it sends a signal. */
static int group_main(void)
{
	struct companion *companion = NULL;
	sigset_t set;
	bool before, after, other;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (setpgid(0, 0) < 0 || companion_start(&companion) < 0)
		return 1;
	kill(getpid(), SIGTERM);
	before = companion_was_sent(companion, SIGTERM);
	kill(0, SIGTERM);
	after = companion_was_sent(companion, SIGTERM);
	other = companion_was_sent(companion, SIGINT);
	companion_free(companion);
	return before || !after || other;
}

static void test_signals_to_the_group_are_told_from_others(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0)
		_exit(group_main());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_companion_is_gone_after_its_farewell(void **state)
{
	struct companion *companion = NULL;

	(void)state;
	assert_int_equal(companion_start(&companion), 0);
	companion_free(companion);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_false(companion_was_sent(NULL, SIGTERM));
}

/* Whoever reads what a killed ctrace wrote comes to the end. */
static void test_companion_holds_no_descriptor(void **state)
{
	int ends[2];
	char byte;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		struct companion *companion = NULL;

		close(ends[0]);
		if (companion_start(&companion) < 0)
			_exit(1);
		/* the companion lets go of its copy at once */
		usleep(100000);
		close(ends[1]);
		pause();
	}
	close(ends[1]);
	alarm(20);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	alarm(0);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signals_to_the_group_are_told_from_others),
		cmocka_unit_test(test_companion_is_gone_after_its_farewell),
		cmocka_unit_test(test_companion_holds_no_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
