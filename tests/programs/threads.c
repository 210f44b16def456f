/* SPDX-License-Identifier: MIT */
/* Stacks that begin in a thread's start, several at once, and one thread of a thread. */
#include "expect.h"

#include <pthread.h>
#include <stddef.h>

enum { NR_THREADS = 6, HITS = 30 };

static NOINLINE void thread_work(int hits)
{
	for (int i = 0; i < hits; i++) {
		hit();
		NO_TAIL_CALL();
	}
}

static NOINLINE void *grandchild(void *arg)
{
	thread_work(HITS);
	NO_TAIL_CALL();
	return arg;
}

static NOINLINE void *worker(void *arg)
{
	pthread_t inner;

	thread_work(HITS);
	if (arg) {
		pthread_create(&inner, NULL, grandchild, NULL);
		pthread_join(inner, NULL);
	}
	NO_TAIL_CALL();
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[NR_THREADS];

	if (asked_for_expectations(argc, argv)) {
		expect("hit", NR_THREADS * HITS, THREAD ";worker;thread_work;hit");
		expect("hit", HITS, THREAD ";grandchild;thread_work;hit");
		expect("hit", HITS, MAIN ";thread_work;hit");
		return 0;
	}
	for (int i = 0; i < NR_THREADS; i++)
		pthread_create(&threads[i], NULL, worker, i ? NULL : &threads);
	thread_work(HITS);
	for (int i = 0; i < NR_THREADS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
