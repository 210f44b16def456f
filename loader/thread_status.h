/* SPDX-License-Identifier: MIT */
/* What /proc says of one thread's doing and of its signals.  Reads only. */
#ifndef CTRACE_LOADER_THREAD_STATUS_H
#define CTRACE_LOADER_THREAD_STATUS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct thread_status {
	char state;	    /* of proc(5): 'R' running or about to, 'S', 'D' asleep, 't' traced */
	uint64_t nr_sleeps; /* how often it gave up its CPU of its own accord */
	/* Sets of signals: bit N - 1 is signal N. */
	uint64_t pending; /* of the thread and of its process */
	uint64_t blocked, ignored, caught;
};

/* -ESRCH: gone; other errors of reading /proc; -EBADMSG. */
int thread_status_read(pid_t tid, struct thread_status *ret_status);

/*
 * Is it in a system call while it does not run?  The kernel shows that of threads which wait, be it
 * for a CPU, to root alone: false of others.
 */
bool thread_waits_in_call(pid_t tid);

#endif
