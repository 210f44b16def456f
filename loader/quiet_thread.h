/* SPDX-License-Identifier: MIT */
/*
 * Starts a helper thread that takes no signals: one meant for ctrace's signalfd would end the
 * process if a thread that does not block it were there to take it.
 */
#ifndef CTRACE_LOADER_QUIET_THREAD_H
#define CTRACE_LOADER_QUIET_THREAD_H

#include <pthread.h>
#include <signal.h>

/* As pthread_create(): 0 or a positive errno. */
static inline int quiet_thread_create(pthread_t *ret_thread, void *(*run)(void *arg), void *arg)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(ret_thread, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

#endif
