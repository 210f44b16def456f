/* SPDX-License-Identifier: MIT */
/* What each signal does, in a process of its own for each test. */
#include "test.h"

#include "loader/interrupts.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#define LATER_US 1100000

static int status_of(int (*run)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(run());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static bool comes(const struct interrupts *interrupts, int ms)
{
	struct pollfd fd = {.fd = interrupts_fd(interrupts), .events = POLLIN};

	return poll(&fd, 1, ms) == 1 && interrupts_have_come(interrupts);
}

static int first_is_told(void)
{
	struct interrupts *interrupts = NULL;

	if (interrupts_begin(&interrupts) < 0 || comes(interrupts, 0))
		return 1;
	kill(getpid(), SIGTERM);
	if (!comes(interrupts, 10000))
		return 2;
	/* the same wish */
	kill(getpid(), SIGINT);
	usleep(100000);
	interrupts_end(interrupts);
	return 3;
}

static int ignored_stays_ignored(void)
{
	struct interrupts *interrupts = NULL;

	signal(SIGHUP, SIG_IGN);
	if (interrupts_begin(&interrupts) < 0)
		return 1;
	kill(getpid(), SIGHUP);
	if (comes(interrupts, 200))
		return 2;
	interrupts_end(interrupts);
	return 3;
}

static void exit_with_7(void *arg)
{
	(void)arg;
	_exit(7);
}

static void do_nothing(void *arg)
{
	(void)arg;
}

static int later_one_gives_up(void)
{
	struct interrupts *interrupts = NULL;

	if (interrupts_begin(&interrupts) < 0)
		return 1;
	interrupts_set_last_act(interrupts, do_nothing, NULL);
	kill(getpid(), SIGTERM);
	usleep(LATER_US);
	kill(getpid(), SIGINT);
	pause();
	return 2;
}

static int giving_up_waits_for_the_act(void)
{
	struct interrupts *interrupts = NULL;

	if (interrupts_begin(&interrupts) < 0)
		return 1;
	kill(getpid(), SIGTERM);
	usleep(LATER_US);
	kill(getpid(), SIGTERM);
	usleep(200000);
	interrupts_set_last_act(interrupts, exit_with_7, NULL);
	return 2;
}

static void test_first_signal_is_told_and_the_next_is_the_same(void **state)
{
	(void)state;
	assert_int_equal(status_of(first_is_told), W_EXITCODE(3, 0));
}

static void test_what_was_ignored_stays_so(void **state)
{
	(void)state;
	assert_int_equal(status_of(ignored_stays_ignored), W_EXITCODE(3, 0));
}

static void test_later_signal_gives_up_by_that_signal(void **state)
{
	(void)state;
	assert_int_equal(status_of(later_one_gives_up), SIGINT);
}

static void test_giving_up_waits_for_what_is_to_be_done(void **state)
{
	(void)state;
	assert_int_equal(status_of(giving_up_waits_for_the_act), W_EXITCODE(7, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_signal_is_told_and_the_next_is_the_same),
		cmocka_unit_test(test_what_was_ignored_stays_so),
		cmocka_unit_test(test_later_signal_gives_up_by_that_signal),
		cmocka_unit_test(test_giving_up_waits_for_what_is_to_be_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
