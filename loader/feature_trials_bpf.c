/* SPDX-License-Identifier: MIT */
#include "common/alloc.h"
#include "common/cleanup.h"
#include "loader/feature_trials.h"
#include "loader/perf_event.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <linux/bpf.h>

#define TRIAL_FUNCTION "vfs_read" /* in every kernel, hookable where anything is */
#define TRIAL_RING     4096

static int load(enum bpf_prog_type type, const struct bpf_prog_load_opts *opts)
{
	const struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(type, "ctrace_trial", "GPL", insns, sizeof(insns) / sizeof(insns[0]),
			       opts);

	return fd < 0 ? -errno : fd;
}

int feature_try_bpf(char **ret_detail)
{
	_cleanup_close_ int fd = load(BPF_PROG_TYPE_KPROBE, NULL);

	(void)ret_detail;
	return fd < 0 ? fd : 0;
}

int feature_try_btf(char **ret_detail)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int err = errno;

	if (!btf)
		return err == EACCES || err == EPERM ? -err : -ENOENT;
	*ret_detail = xasprintf("%u types", btf__type_cnt(btf));
	btf__free(btf);
	return 0;
}

int feature_try_ring_buffer(char **ret_detail)
{
	_cleanup_close_ int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "ctrace_trial", 0, 0,
						TRIAL_RING, NULL);

	(void)ret_detail;
	return fd < 0 ? -errno : 0;
}

int feature_try_perf_program(char **ret_detail)
{
	const struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = 1000000000,
		.disabled = 1,
	};
	_cleanup_close_ int program = load(BPF_PROG_TYPE_PERF_EVENT, NULL);
	_cleanup_close_ int event = perf_open(&attr, 0, -1);
	_cleanup_close_ int link = -1;

	(void)ret_detail;
	if (program < 0)
		return program;
	if (event < 0)
		return event;
	link = bpf_link_create(program, event, BPF_PERF_EVENT, NULL);
	return link < 0 ? -errno : 0;
}

int feature_try_fentry(char **ret_detail)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_FENTRY);
	struct btf *btf = btf__load_vmlinux_btf();
	_cleanup_close_ int program = -1;
	_cleanup_close_ int link = -1;
	int id = btf ? btf__find_by_name_kind(btf, TRIAL_FUNCTION, BTF_KIND_FUNC) : -ENOENT;

	btf__free(btf);
	if (id < 0)
		return -ENOENT;
	opts.attach_btf_id = (uint32_t)id;
	program = load(BPF_PROG_TYPE_TRACING, &opts);
	if (program == -EPERM && geteuid() == 0)
		*ret_detail = xstrdup("not permitted: the kernel may be locked down");
	if (program < 0)
		return program;
	link = bpf_link_create(program, 0, BPF_TRACE_FENTRY, NULL);
	return link < 0 ? -errno : 0;
}

int feature_try_statistics(char **ret_detail)
{
	_cleanup_close_ int fd = bpf_enable_stats(BPF_STATS_RUN_TIME);

	(void)ret_detail;
	return fd < 0 ? -errno : 0;
}
