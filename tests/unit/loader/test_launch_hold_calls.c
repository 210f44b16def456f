/* SPDX-License-Identifier: MIT */
/*
 * A process that is held again and again while it waits in system calls sees each of them end as
 * it would without us: none fails with EINTR, none waits twice.
 */
#include "test.h"

#include "loader/launch_hold.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS	  5
#define NR_ROUNDS 40

/* What the calls wait on; made before the fork. */
struct things {
	int epoll, semaphores, listener, socket, pipe[2];
	unsigned long aio;
};

static struct timespec wait_time(void)
{
	return (struct timespec){.tv_nsec = WAIT_MS * 1000000L};
}

/* Each returns 0 when its time was up, -1 with errno when it failed otherwise. */
static int timed_out(long ret, int expected)
{
	return ret == 0 || (ret < 0 && errno == expected) ? 0 : -1;
}

static int call_epoll_wait(struct things *t)
{
	struct epoll_event event;

	return epoll_wait(t->epoll, &event, 1, WAIT_MS);
}

static int call_epoll_pwait(struct things *t)
{
	struct epoll_event event;
	sigset_t mask;

	sigfillset(&mask);
	return epoll_pwait(t->epoll, &event, 1, WAIT_MS, &mask);
}

static int call_sigtimedwait(struct things *t)
{
	struct timespec ts = wait_time();
	sigset_t set;

	(void)t;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	return timed_out(sigtimedwait(&set, NULL, &ts), EAGAIN);
}

static int call_semtimedop(struct things *t)
{
	struct sembuf down = {0, -1, 0};
	struct timespec ts = wait_time();

	return timed_out(semtimedop(t->semaphores, &down, 1, &ts), EAGAIN);
}

static int call_poll(struct things *t)
{
	struct pollfd fd = {.fd = t->pipe[0], .events = POLLIN};

	return poll(&fd, 1, WAIT_MS);
}

static int call_select(struct things *t)
{
	struct timeval tv = {.tv_usec = WAIT_MS * 1000L};
	fd_set set;

	FD_ZERO(&set);
	FD_SET(t->pipe[0], &set);
	return select(t->pipe[0] + 1, &set, NULL, NULL, &tv);
}

static int call_nanosleep(struct things *t)
{
	struct timespec ts = wait_time();

	(void)t;
	return nanosleep(&ts, NULL);
}

static int call_futex(struct things *t)
{
	struct timespec ts = wait_time();
	uint32_t word = 0;

	(void)t;
	return timed_out(syscall(SYS_futex, &word, FUTEX_WAIT, 0, &ts, NULL, 0), ETIMEDOUT);
}

static int call_sem_timedwait(struct things *t)
{
	struct timespec ts;
	sem_t sem;

	(void)t;
	sem_init(&sem, 0, 0);
	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_nsec += WAIT_MS * 1000000L;
	ts.tv_sec += ts.tv_nsec / 1000000000;
	ts.tv_nsec %= 1000000000;
	return timed_out(sem_timedwait(&sem, &ts), ETIMEDOUT);
}

static int call_accept(struct things *t)
{
	return timed_out(accept(t->listener, NULL, NULL), EAGAIN);
}

static int call_recv(struct things *t)
{
	char byte;

	return timed_out(recv(t->socket, &byte, 1, 0), EAGAIN);
}

static int call_io_getevents(struct things *t)
{
	struct timespec ts = wait_time();
	char event[32];

	return t->aio ? (int)syscall(SYS_io_getevents, t->aio, 1L, 1L, event, &ts)
		      : call_nanosleep(t);
}

static const struct {
	const char *name;
	int (*wait)(struct things *things);
} calls[] = {
	{"epoll_wait", call_epoll_wait},
	{"epoll_pwait", call_epoll_pwait},
	{"sigtimedwait", call_sigtimedwait},
	{"semtimedop", call_semtimedop},
	{"poll", call_poll},
	{"select", call_select},
	{"nanosleep", call_nanosleep},
	{"futex", call_futex},
	{"sem_timedwait", call_sem_timedwait},
	{"accept", call_accept},
	{"recv", call_recv},
	{"io_getevents", call_io_getevents},
};

#define NR_CALLS (sizeof(calls) / sizeof(calls[0]))

static void open_things(struct things *t)
{
	struct timeval tv = {.tv_usec = WAIT_MS * 1000L};
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	t->epoll = epoll_create1(EPOLL_CLOEXEC);
	t->semaphores = semget(IPC_PRIVATE, 1, 0600 | IPC_CREAT);
	t->listener = socket(AF_INET, SOCK_STREAM, 0);
	t->socket = socket(AF_INET, SOCK_DGRAM, 0);
	t->aio = 0;
	assert_true(t->epoll >= 0 && t->semaphores >= 0 && t->listener >= 0 && t->socket >= 0);
	assert_int_equal(bind(t->listener, (struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(listen(t->listener, 1), 0);
	assert_int_equal(bind(t->socket, (struct sockaddr *)&any, sizeof(any)), 0);
	setsockopt(t->listener, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(t->socket, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	assert_int_equal(pipe(t->pipe), 0);
}

static void close_things(struct things *t)
{
	semctl(t->semaphores, 0, IPC_RMID);
	close(t->epoll);
	close(t->listener);
	close(t->socket);
	close(t->pipe[0]);
	close(t->pipe[1]);
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Exit status: 1 + the number of the first call that did not end as it ought to. */
static void child_main(struct things *t)
{
	if (syscall(SYS_io_setup, 1, &t->aio) < 0)
		t->aio = 0;
	for (int round = 0; round < NR_ROUNDS; round++) {
		for (size_t i = 0; i < NR_CALLS; i++) {
			errno = 0;
			if (calls[i].wait(t) != 0)
				_exit((int)i + 1);
		}
	}
	_exit(0);
}

/* Holds it for @held_us every @pause_us until it ends; returns how. */
static int hold_until_it_ends(pid_t pid, unsigned int held_us, unsigned int pause_us)
{
	struct launch_hold *hold;
	unsigned int nr = 0;
	int status = -1;
	pid_t got;

	while ((got = waitpid(pid, &status, WNOHANG)) == 0) {
		if (launch_hold(pid, &hold) < 0)
			continue;
		nr++;
		usleep(held_us);
		launch_unhold(hold);
		usleep(pause_us + nr % 7 * 13);
	}
	assert_int_equal(got, pid);
	assert_true(status != 0 || nr > 10);
	return status;
}

static void test_calls_that_wait_end_as_without_us(void **state)
{
	struct things things;
	int status;
	pid_t pid;

	(void)state;
	open_things(&things);
	pid = fork();
	if (pid == 0)
		child_main(&things);
	status = hold_until_it_ends(pid, 300, 200);
	if (WIFEXITED(status) && WEXITSTATUS(status))
		print_error("%s failed\n", calls[WEXITSTATUS(status) - 1].name);
	assert_int_equal(status, 0);
	close_things(&things);
}

/* The time of a call that sleeps through many holds is its own. */
static void test_no_time_is_waited_twice(void **state)
{
	struct epoll_event event;
	uint64_t begin = now_ms();
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		int epoll = epoll_create1(EPOLL_CLOEXEC);

		_exit(epoll_wait(epoll, &event, 1, 300) == 0 ? 0 : 1);
	}
	status = hold_until_it_ends(pid, 500, 100);
	assert_int_equal(status, 0);
	assert_in_range(now_ms() - begin, 300, 550);
}

static void on_signal(int sig)
{
	(void)sig;
}

/* A signal with a handler ends the wait: that is the program's own affair. */
static void test_signal_that_was_sent_interrupts(void **state)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct epoll_event event;
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct timespec ts = {.tv_nsec = 50000000};
		int epoll = epoll_create1(EPOLL_CLOEXEC);

		sigaction(SIGUSR1, &action, NULL);
		if (fork() == 0) {
			nanosleep(&ts, NULL);
			kill(getppid(), SIGUSR1);
			_exit(0);
		}
		_exit(epoll_wait(epoll, &event, 1, 10000) < 0 && errno == EINTR ? 0 : 1);
	}
	status = hold_until_it_ends(pid, 300, 100);
	assert_int_equal(status, 0);
}

/* One that is ignored does not, though the kernel wakes a traced process for it. */
static void test_signal_that_is_ignored_does_not_interrupt(void **state)
{
	struct epoll_event event;
	int status;
	pid_t pid = fork(), sender;

	(void)state;
	if (pid == 0) {
		int epoll = epoll_create1(EPOLL_CLOEXEC);

		for (int i = 0; i < 100; i++) {
			if (epoll_wait(epoll, &event, 1, WAIT_MS) != 0)
				_exit(1);
		}
		_exit(0);
	}
	sender = fork();
	if (sender == 0) {
		while (kill(pid, SIGWINCH) == 0)
			usleep(70);
		_exit(0);
	}
	status = hold_until_it_ends(pid, 200, 100);
	assert_int_equal(status, 0);
	kill(sender, SIGKILL);
	assert_int_equal(waitpid(sender, NULL, 0), sender);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls_that_wait_end_as_without_us),
		cmocka_unit_test(test_no_time_is_waited_twice),
		cmocka_unit_test(test_signal_that_was_sent_interrupts),
		cmocka_unit_test(test_signal_that_is_ignored_does_not_interrupt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
