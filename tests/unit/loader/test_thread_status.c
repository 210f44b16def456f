/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "loader/thread_status.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define BIT(sig) (UINT64_C(1) << ((sig)-1))

static void nothing(int sig)
{
	(void)sig;
}

static void test_sets_of_signals_are_the_kernels(void **state)
{
	struct thread_status status;
	sigset_t mask, before;

	(void)state;
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigaddset(&mask, SIGUSR2);
	sigprocmask(SIG_BLOCK, &mask, &before);
	signal(SIGUSR1, nothing);
	signal(SIGWINCH, SIG_IGN);
	kill(getpid(), SIGUSR1);
	assert_int_equal(thread_status_read(getpid(), &status), 0);
	signal(SIGUSR1, SIG_IGN); /* takes the pending one, too */
	signal(SIGWINCH, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	assert_true(status.pending == BIT(SIGUSR1));
	assert_true((status.blocked & (BIT(SIGUSR1) | BIT(SIGUSR2))) ==
		    (BIT(SIGUSR1) | BIT(SIGUSR2)));
	assert_true(status.caught & BIT(SIGUSR1));
	assert_false(status.caught & BIT(SIGUSR2));
	assert_true(status.ignored & BIT(SIGWINCH));
}

static char state_of(pid_t pid)
{
	struct thread_status status;

	assert_int_equal(thread_status_read(pid, &status), 0);
	return status.state;
}

static void test_state_is_told_whatever_the_name(void **state)
{
	struct thread_status status;
	pid_t pid;

	(void)state;
	prctl(PR_SET_NAME, "a\nState:\tZ");
	assert_int_equal(state_of(getpid()), 'R');
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	for (int i = 0; i < 1000 && state_of(pid) != 'S'; i++)
		usleep(1000);
	assert_int_equal(state_of(pid), 'S');
	assert_int_equal(thread_waits_in_call(pid), geteuid() == 0);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(thread_status_read(pid, &status), -ESRCH);
}

static void test_every_sleep_is_counted(void **state)
{
	struct thread_status before, after;

	(void)state;
	assert_int_equal(thread_status_read(getpid(), &before), 0);
	for (int i = 0; i < 5; i++)
		usleep(1000);
	assert_int_equal(thread_status_read(getpid(), &after), 0);
	assert_true(after.nr_sleeps >= before.nr_sleeps + 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sets_of_signals_are_the_kernels),
		cmocka_unit_test(test_state_is_told_whatever_the_name),
		cmocka_unit_test(test_every_sleep_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
