/* SPDX-License-Identifier: MIT */
/*
 * perf_event_open() for the shapes ctrace uses, each event opened disabled.  Knows attributes and
 * PMUs; not what a probe is called.
 */
#ifndef CTRACE_LOADER_PERF_EVENT_H
#define CTRACE_LOADER_PERF_EVENT_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Number of the PMU of that name in sysfs.  -ENODEV: this kernel has none. */
int perf_pmu_type(const char *name);

/* The system call with PERF_FLAG_FD_CLOEXEC.  Descriptor or negative errno. */
int perf_open(const struct perf_event_attr *attr, pid_t pid, int cpu);

/*
 * A uprobe at file offset @off of @path; @type from perf_pmu_type("uprobe").  @pid -1: in every
 * process, else in that one alone.  @returns: of the function that begins there.
 */
int perf_open_uprobe(uint32_t type, const char *path, uint64_t off, pid_t pid, bool returns);

/* A hardware breakpoint that counts executions of user code at @addr in thread @pid (0: us). */
int perf_open_breakpoint(uint64_t addr, pid_t pid);

int perf_enable(int fd);
int perf_disable(int fd);

#endif
