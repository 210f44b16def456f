/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Keeps the process map in step with the kernel's own truth, without a round trip to user space:
 * a fork copies its parent's entry, an exec makes its tables out of date, an exit deletes it.
 * Tells user space who has to be given perf events anew: the kernel takes them away when a program
 * is called that is setuid or not readable, and then nothing is inherited from there on.
 */
#include "maps.bpf.h"

#include "pid_numbers.bpf.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

/* One context for all events since 6.2, before that one for each of hardware and software. */
struct task_struct___one_context {
	void *perf_event_ctxp;
} __attribute__((preserve_access_index));
struct task_struct___two_contexts {
	void *perf_event_ctxp[2];
} __attribute__((preserve_access_index));

static bool has_perf_events(struct task_struct *task)
{
	struct task_struct___one_context *one = (void *)task;
	struct task_struct___two_contexts *two = (void *)task;

	if (bpf_core_field_exists(one->perf_event_ctxp))
		return BPF_CORE_READ(one, perf_event_ctxp);
	return BPF_CORE_READ(two, perf_event_ctxp[0]) || BPF_CORE_READ(two, perf_event_ctxp[1]);
}

static void tell_if_dropped(struct task_struct *task, uint32_t tgid)
{
	struct dropped_record r = {
		.type = RECORD_DROPPED,
		.tgid = tgid,
		.time_ns = bpf_ktime_get_ns(),
	};

	if (state.tell_dropped && !has_perf_events(task))
		bpf_ringbuf_output(&ring, &r, sizeof(r), BPF_RB_FORCE_WAKEUP);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *parent, struct task_struct *child)
{
	uint32_t parent_tgid, tgid;
	struct process_entry *p, copy;
	struct slot_assignment *a;
	struct recent_mappings *m;

	if (!config.follow_children || parent->tgid == child->tgid)
		return 0;
	parent_tgid = task_tgid(parent);
	tgid = task_tgid(child);
	p = bpf_map_lookup_elem(&processes, &parent_tgid);
	if (!p)
		return 0;
	copy = *p;
	copy.unknown_ns = 0;
	a = bpf_map_lookup_elem(&assignments, &parent_tgid);
	if (a) {
		struct slot_assignment same = *a;

		bpf_map_update_elem(&assignments, &tgid, &same, BPF_ANY);
	}
	m = bpf_map_lookup_elem(&recents, &parent_tgid);
	if (m)
		bpf_map_update_elem(&recents, &tgid, m, BPF_ANY);
	bpf_map_update_elem(&processes, &tgid, &copy, BPF_ANY);
	tell_if_dropped(child, tgid);
	return 0;
}

/* Run once by ctrace itself, before anything else: which pid namespace it lives in. */
SEC("raw_tp")
int find_pid_namespace(void *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	const char *numbers = (const char *)pid + bpf_core_field_offset(struct pid, numbers);
	uint32_t level = BPF_CORE_READ(pid, level);
	struct upid upid = {};

	if (level == 0)
		return 0;
	bpf_probe_read_kernel(&upid, sizeof(upid), numbers + level * sizeof(upid));
	state.pid_level = level;
	state.pid_namespace = (uint64_t)upid.ns;
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task)
{
	uint32_t tgid = task_tgid(task);
	struct process_entry *p = bpf_map_lookup_elem(&processes, &tgid);

	if (!p)
		return 0;
	p->execs++;
	tell_if_dropped(task, tgid);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
	uint32_t tgid = task_tgid(task);

	if (BPF_CORE_READ(task, signal, live.counter) == 0) {
		bpf_map_delete_elem(&processes, &tgid);
		bpf_map_delete_elem(&assignments, &tgid);
		bpf_map_delete_elem(&recents, &tgid);
	}
	return 0;
}
