/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "loader/launch_hold.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child that counts into shared memory as fast as it can. */
struct counter {
	pid_t pid;
	volatile unsigned long *value;
};

static struct counter start_counter(void)
{
	struct counter counter;

	counter.value = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(counter.value != MAP_FAILED);
	counter.pid = fork();
	if (counter.pid == 0)
		for (;;)
			(*counter.value)++;
	return counter;
}

static void end_counter(struct counter *counter)
{
	int status;

	kill(counter->pid, SIGKILL);
	assert_int_equal(waitpid(counter->pid, &status, 0), counter->pid);
	assert_int_equal(status, SIGKILL);
}

static bool counts(const struct counter *counter)
{
	unsigned long before = *counter->value;

	for (int i = 0; i < 200; i++) {
		usleep(1000);
		if (*counter->value != before)
			return true;
	}
	return false;
}

static bool is_quiet(const struct counter *counter)
{
	unsigned long before = *counter->value;

	usleep(20000);
	return *counter->value == before;
}

static void test_held_thread_stands_still_until_it_is_let_go(void **state)
{
	struct counter counter = start_counter();
	struct launch_hold *hold = NULL;

	(void)state;
	assert_true(counts(&counter));
	assert_int_equal(launch_hold(counter.pid, &hold), 0);
	assert_true(is_quiet(&counter));
	launch_unhold(hold);
	assert_true(counts(&counter));
	end_counter(&counter);
}

static void test_parent_sees_nothing_of_the_hold(void **state)
{
	struct counter counter = start_counter();
	struct launch_hold *hold = NULL;
	int status;

	(void)state;
	assert_int_equal(launch_hold(counter.pid, &hold), 0);
	assert_int_equal(waitpid(counter.pid, &status, WNOHANG | WUNTRACED | __WNOTHREAD), 0);
	launch_unhold(hold);
	assert_int_equal(waitpid(counter.pid, &status, WNOHANG | WUNTRACED | WCONTINUED), 0);
	end_counter(&counter);
}

static volatile sig_atomic_t nr_signals;

static void count_signal(int sig)
{
	(void)sig;
	nr_signals++;
}

static void test_signals_that_come_during_the_hold_are_delivered_after_it(void **state)
{
	struct launch_hold *hold = NULL;
	int status, ready[2];
	char byte = 'r';
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		signal(SIGUSR1, count_signal);
		if (write(ready[1], &byte, 1) != 1)
			_exit(1);
		while (!nr_signals)
			continue;
		_exit(nr_signals == 1 ? 21 : 1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(launch_hold(pid, &hold), 0);
	kill(pid, SIGUSR1);
	usleep(5000);
	launch_unhold(hold);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, W_EXITCODE(21, 0));
	close(ready[0]);
	close(ready[1]);
}

static void test_killed_while_held_it_is_gone_and_its_parent_knows(void **state)
{
	struct counter counter = start_counter();
	struct launch_hold *hold = NULL;

	(void)state;
	assert_int_equal(launch_hold(counter.pid, &hold), 0);
	kill(counter.pid, SIGKILL);
	launch_unhold(hold);
	end_counter(&counter);
}

static void test_thread_that_is_gone_is_esrch(void **state)
{
	struct launch_hold *hold = NULL;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(launch_hold(pid, &hold), -ESRCH);
	assert_null(hold);
}

static void test_thread_someone_else_traces_is_eperm(void **state)
{
	struct counter counter = start_counter();
	struct launch_hold *first = NULL, *second = NULL;

	(void)state;
	assert_int_equal(launch_hold(counter.pid, &first), 0);
	assert_int_equal(launch_hold(counter.pid, &second), -EPERM);
	assert_null(second);
	launch_unhold(first);
	end_counter(&counter);
}

static void test_sleeping_thread_is_left_asleep_and_held_when_it_wakes(void **state)
{
	struct launch_hold *hold = NULL;
	int status, release[2];
	char byte = 'g';
	volatile unsigned long *value = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
					     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct counter counter = {.value = value};

	(void)state;
	assert_true(value != MAP_FAILED);
	assert_int_equal(pipe(release), 0);
	counter.pid = fork();
	if (counter.pid == 0) {
		/* the parent of a vfork waits uninterruptibly until its child has ended */
		if (vfork() == 0) {
			if (read(release[0], &byte, 1) != 1)
				_exit(1);
			_exit(0);
		}
		if (wait(&status) <= 0 || status)
			_exit(1);
		for (;;)
			(*value)++;
	}
	usleep(20000);
	assert_int_equal(launch_hold(counter.pid, &hold), 0);
	assert_int_equal(write(release[1], &byte, 1), 1);
	usleep(20000);
	assert_true(is_quiet(&counter));
	launch_unhold(hold);
	assert_true(counts(&counter));
	end_counter(&counter);
	close(release[0]);
	close(release[1]);
}

static void test_thread_that_sleeps_throughout_notices_nothing(void **state)
{
	struct launch_hold *hold = NULL;
	int status, release[2];
	char byte = 'g';
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(release), 0);
	pid = fork();
	if (pid == 0)
		_exit(read(release[0], &byte, 1) == 1 ? 22 : 1);
	usleep(20000);
	assert_int_equal(launch_hold(pid, &hold), 0);
	usleep(5000);
	launch_unhold(hold);
	assert_int_equal(write(release[1], &byte, 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, W_EXITCODE(22, 0));
	close(release[0]);
	close(release[1]);
}

static void test_holder_that_is_killed_lets_go(void **state)
{
	struct counter counter = start_counter();
	int ready[2], status;
	char byte = 0;
	pid_t holder;

	(void)state;
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	holder = fork();
	if (holder == 0) {
		struct launch_hold *hold;

		byte = launch_hold(counter.pid, &hold) == 0 ? 'h' : 'n';
		if (write(ready[1], &byte, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(byte, 'h');
	assert_true(is_quiet(&counter));
	kill(holder, SIGKILL);
	assert_int_equal(waitpid(holder, &status, 0), holder);
	assert_true(counts(&counter));
	end_counter(&counter);
	close(ready[0]);
	close(ready[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_held_thread_stands_still_until_it_is_let_go),
		cmocka_unit_test(test_parent_sees_nothing_of_the_hold),
		cmocka_unit_test(test_signals_that_come_during_the_hold_are_delivered_after_it),
		cmocka_unit_test(test_killed_while_held_it_is_gone_and_its_parent_knows),
		cmocka_unit_test(test_thread_that_is_gone_is_esrch),
		cmocka_unit_test(test_thread_someone_else_traces_is_eperm),
		cmocka_unit_test(test_sleeping_thread_is_left_asleep_and_held_when_it_wakes),
		cmocka_unit_test(test_thread_that_sleeps_throughout_notices_nothing),
		cmocka_unit_test(test_holder_that_is_killed_lets_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
