/* SPDX-License-Identifier: MIT */
#include "loader/interrupts.h"

#include "common/alloc.h"
#include "common/log.h"
#include "loader/companion.h"
#include "loader/quiet_thread.h"
#include "loader/time.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SAME_WISH_NS UINT64_C(1000000000)
/* Senders to a group and to us take this long for both. */
#define PASS_ON_NS UINT64_C(100000000)

static const int wishes[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

struct interrupts {
	struct companion *companion;
	sigset_t former;
	int signal_fd, come_fd, stop_fd;
	pthread_t thread;
	_Atomic bool have_come;

	/* The thread's own. */
	int first_signal; /* 0: none yet */
	uint64_t wish_ns; /* when the wish came that is in force */
	bool passed_on;

	pthread_mutex_t lock;
	pid_t program;
	int program_fd;
	int given_up; /* the signal it was by, or 0 */
	void (*act)(void *arg);
	void *act_arg;
};

/* A shell told that ctrace died of the signal does what it does for any program. */
static _Noreturn void die(int sig)
{
	const struct rlimit no_core = {0};
	sigset_t set;

	setrlimit(RLIMIT_CORE, &no_core);
	signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	kill(getpid(), sig);
	_exit(128 + sig);
}

/* Under the lock, which is never given back: nobody else shall begin anything. */
static void act_and_die(struct interrupts *i)
{
	i->act(i->act_arg);
	die(i->given_up);
}

static void give_up(struct interrupts *i, int sig)
{
	pthread_mutex_lock(&i->lock);
	if (i->given_up)
		die(sig);
	i->given_up = sig;
	if (i->act)
		act_and_die(i);
	pthread_mutex_unlock(&i->lock);
}

void interrupts_set_last_act(struct interrupts *i, void (*act)(void *arg), void *arg)
{
	pthread_mutex_lock(&i->lock);
	i->act = act;
	i->act_arg = arg;
	if (i->given_up)
		act_and_die(i);
	pthread_mutex_unlock(&i->lock);
}

/* Whoever is in our process group got what the group was sent. */
static bool has_program_got(const struct interrupts *i, int sig)
{
	return getpgid(i->program) == getpgrp() && companion_was_sent(i->companion, sig);
}

static void pass_on(struct interrupts *i)
{
	pthread_mutex_lock(&i->lock);
	if (i->program_fd >= 0) {
		if (!has_program_got(i, i->first_signal))
			syscall(SYS_pidfd_send_signal, i->program_fd, i->first_signal, NULL, 0);
		i->passed_on = true;
	}
	pthread_mutex_unlock(&i->lock);
}

static void on_signal(struct interrupts *i, int sig)
{
	uint64_t now = time_now_ns(), one = 1;

	if (i->first_signal) {
		if (now - i->wish_ns < SAME_WISH_NS)
			return;
		i->wish_ns = now;
		give_up(i, sig);
		return;
	}
	i->first_signal = sig;
	i->wish_ns = now;
	atomic_store(&i->have_come, true);
	if (write(i->come_fd, &one, sizeof(one)) < 0)
		log_debug("cannot tell of a signal: %s", strerror(errno));
}

/* How long to wait for the next thing to do, in ms; -1: for ever. */
static int time_to_wait(const struct interrupts *i)
{
	uint64_t since;

	if (!i->first_signal || i->passed_on)
		return -1;
	since = time_now_ns() - i->wish_ns;
	/* until there is a program */
	return since < PASS_ON_NS ? (int)((PASS_ON_NS - since) / 1000000) + 1 : 50;
}

static void *wait_for_signals(void *arg)
{
	struct interrupts *i = arg;
	struct pollfd fds[] = {
		{.fd = i->signal_fd, .events = POLLIN},
		{.fd = i->stop_fd, .events = POLLIN},
	};

	for (;;) {
		struct signalfd_siginfo info;

		if (poll(fds, 2, time_to_wait(i)) < 0 && errno != EINTR)
			return NULL;
		if (fds[1].revents)
			return NULL;
		if (read(i->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
			on_signal(i, (int)info.ssi_signo);
		if (i->first_signal && !i->passed_on && time_now_ns() - i->wish_ns >= PASS_ON_NS)
			pass_on(i);
	}
}

static void block_wishes(struct interrupts *i, sigset_t *ret_set)
{
	sigemptyset(ret_set);
	for (size_t n = 0; n < sizeof(wishes) / sizeof(wishes[0]); n++) {
		struct sigaction action;

		/* nohup, and shells without job control for what they run in the background */
		if (sigaction(wishes[n], NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			continue;
		sigaddset(ret_set, wishes[n]);
	}
	pthread_sigmask(SIG_BLOCK, ret_set, &i->former);
}

static void free_interrupts(struct interrupts *i)
{
	companion_free(i->companion);
	cleanup_closep(&i->signal_fd);
	cleanup_closep(&i->come_fd);
	cleanup_closep(&i->stop_fd);
	cleanup_closep(&i->program_fd);
	pthread_mutex_destroy(&i->lock);
	free(i);
}

int interrupts_begin(struct interrupts **ret_interrupts)
{
	struct interrupts *i = xcalloc(1, sizeof(*i));
	sigset_t set;
	int err;

	i->program_fd = -1;
	pthread_mutex_init(&i->lock, NULL);
	block_wishes(i, &set);
	err = companion_start(&i->companion);
	if (err < 0)
		log_debug("no companion: %s", strerror(-err));
	i->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	i->come_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	i->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = i->signal_fd < 0 || i->come_fd < 0 || i->stop_fd < 0 ? -errno : 0;
	if (err == 0)
		err = -quiet_thread_create(&i->thread, wait_for_signals, i);
	if (err < 0) {
		pthread_sigmask(SIG_SETMASK, &i->former, NULL);
		free_interrupts(i);
		return err;
	}
	*ret_interrupts = i;
	return 0;
}

void interrupts_end(struct interrupts *i)
{
	uint64_t one = 1;

	if (!i)
		return;
	if (write(i->stop_fd, &one, sizeof(one)) == (ssize_t)sizeof(one))
		pthread_join(i->thread, NULL);
	free_interrupts(i);
}

int interrupts_fd(const struct interrupts *i)
{
	return i->come_fd;
}

bool interrupts_have_come(const struct interrupts *i)
{
	return atomic_load(&i->have_come);
}

const sigset_t *interrupts_former_mask(const struct interrupts *i)
{
	return &i->former;
}

void interrupts_set_program(struct interrupts *i, pid_t pid, int pidfd)
{
	pthread_mutex_lock(&i->lock);
	i->program = pid;
	i->program_fd = fcntl(pidfd, F_DUPFD_CLOEXEC, 3);
	pthread_mutex_unlock(&i->lock);
}
