/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Pids as ctrace's own pid namespace counts them, which is how user space, /proc and perf events
 * name processes; the kernel's own numbers are those of the outermost namespace.  In that one
 * nothing is looked up.
 */
#ifndef CTRACE_BPF_PID_NUMBERS_H
#define CTRACE_BPF_PID_NUMBERS_H

#include "maps.bpf.h"

#include <bpf/bpf_core_read.h>

/* @pid's number in ctrace's namespace.  0: that namespace does not know it. */
static __attribute__((always_inline)) inline uint32_t pid_number(const struct pid *pid)
{
	struct upid upid = {};
	const char *numbers = (const char *)pid + bpf_core_field_offset(struct pid, numbers);

	if (BPF_CORE_READ(pid, level) < state.pid_level)
		return 0;
	bpf_probe_read_kernel(&upid, sizeof(upid), numbers + state.pid_level * sizeof(upid));
	return (uint64_t)upid.ns == state.pid_namespace ? (uint32_t)upid.nr : 0;
}

static __attribute__((always_inline)) inline uint32_t task_tgid(struct task_struct *task)
{
	if (!state.pid_namespace)
		return (uint32_t)BPF_CORE_READ(task, tgid);
	return pid_number(BPF_CORE_READ(task, signal, pids[CTRACE_PIDTYPE_TGID]));
}

/* As bpf_get_current_pid_tgid(): the process in the upper half, the thread in the lower. */
static __attribute__((always_inline)) inline uint64_t current_pid_tgid(void)
{
	struct task_struct *task;

	if (!state.pid_namespace)
		return bpf_get_current_pid_tgid();
	task = (struct task_struct *)bpf_get_current_task();
	return (uint64_t)task_tgid(task) << 32 | pid_number(BPF_CORE_READ(task, thread_pid));
}

#endif
