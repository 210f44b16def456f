/* SPDX-License-Identifier: MIT */
/* The one clock the loader, perf events and the BPF programs share. */
#ifndef CTRACE_LOADER_TIME_H
#define CTRACE_LOADER_TIME_H

#include <stdint.h>
#include <time.h>

/* CLOCK_MONOTONIC, what bpf_ktime_get_ns() returns. */
static inline uint64_t time_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

#endif
