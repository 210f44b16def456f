/* SPDX-License-Identifier: MIT */
/* How long things take: a clock that nobody sets. */
#ifndef CTRACE_COMMON_CLOCK_H
#define CTRACE_COMMON_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds since some moment in the past (CLOCK_MONOTONIC). */
static inline uint64_t clock_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

#endif
