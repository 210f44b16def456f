/* SPDX-License-Identifier: MIT */
/* A library whose constructor, which runs before the program's entry, does what upsets tracers. */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t nr_signals;

static void count_signal(int sig)
{
	(void)sig;
	nr_signals++;
}

static void *sleep_a_little(void *arg)
{
	usleep(1000);
	return arg;
}

static void exec_self(void)
{
	char *argv[] = {(char[]){"again"}, (char[]){"exit"}, (char[]){"33"}, NULL};

	unsetenv("LD_PRELOAD");
	execv(getenv("LAUNCH_AGAIN"), argv);
	_exit(99);
}

__attribute__((constructor)) static void upset(void)
{
	const char *what = getenv("LAUNCH_UPSET");
	pthread_t thread;

	if (!what)
		return;
	if (!strcmp(what, "signal")) {
		signal(SIGUSR1, count_signal);
		signal(SIGURG, count_signal);
		for (int i = 0; i < 10; i++) {
			raise(SIGUSR1);
			raise(SIGURG);
		}
		if (nr_signals != 20)
			_exit(98);
	} else if (!strcmp(what, "thread")) {
		pthread_create(&thread, NULL, sleep_a_little, NULL);
	} else if (!strcmp(what, "fork")) {
		pid_t pid = fork();

		if (pid != 0 && waitpid(pid, NULL, 0) != pid)
			_exit(97);
		/* the child runs through the entry as well, untraced */
		if (pid == 0)
			unsetenv("LAUNCH_UPSET");
	} else if (!strcmp(what, "exec")) {
		exec_self();
	} else if (!strcmp(what, "exit")) {
		_exit(34);
	}
}
