/* SPDX-License-Identifier: MIT */
/* The one clock the loader, perf events and the BPF programs share. */
#ifndef CTRACE_LOADER_TIME_H
#define CTRACE_LOADER_TIME_H

#include <stdint.h>

/*
 * The kernel's own monotonic clock, what bpf_ktime_get_ns() returns: CLOCK_MONOTONIC without the
 * offset a time namespace gives it.
 */
uint64_t time_now_ns(void);

/*
 * Reads that offset from the text of /proc/PID/timens_offsets, in nanoseconds.  -EBADMSG: no line
 * of it is that of the monotonic clock.
 */
int time_parse_offset(const char *text, int64_t *ret_offset_ns);

#endif
