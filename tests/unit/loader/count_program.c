/* SPDX-License-Identifier: MIT */
#include "count_program.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <unistd.h>

#define CALL(id)                                        \
	{                                               \
		.code = BPF_JMP | BPF_CALL, .imm = (id) \
	}
#define COPY(to, from)                                                                  \
	{                                                                               \
		.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = (to), .src_reg = (from) \
	}
#define SET(to, value)                                                               \
	{                                                                            \
		.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = (to), .imm = (value) \
	}

void count_program_init(struct count_program *program, pid_t only)
{
	program->map_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "hits", 4, 8, COUNT_PROGRAM_COOKIES,
					 NULL);
	program->only = only;
	for (int i = 0; i < NR_PROBE_PROGRAMS; i++)
		program->fds[i] = -1;
}

void count_program_release(struct count_program *program)
{
	close(program->map_fd);
	for (int i = 0; i < NR_PROBE_PROGRAMS; i++) {
		if (program->fds[i] >= 0)
			close(program->fds[i]);
	}
}

static enum bpf_prog_type type_of(enum probe_program which)
{
	switch (which) {
	case PROBE_PROGRAM_PERF_EVENT:
		return BPF_PROG_TYPE_PERF_EVENT;
	case PROBE_PROGRAM_TRACEPOINT:
		return BPF_PROG_TYPE_TRACEPOINT;
	case PROBE_PROGRAM_FENTRY:
		return BPF_PROG_TYPE_TRACING;
	default:
		return BPF_PROG_TYPE_KPROBE;
	}
}

static int load(const struct count_program *program, enum probe_program which, int btf_id)
{
	const struct bpf_insn insns[] = {
		COPY(BPF_REG_6, BPF_REG_1),
		CALL(BPF_FUNC_get_current_pid_tgid),
		{.code = BPF_ALU64 | BPF_RSH | BPF_K, .dst_reg = BPF_REG_0, .imm = 32},
		/* to the end unless it is the process to count; a jump of 0 for every process */
		{.code = BPF_JMP | BPF_JNE | BPF_K,
		 .dst_reg = BPF_REG_0,
		 .imm = program->only,
		 .off = program->only < 0 ? 0 : 11},
		COPY(BPF_REG_1, BPF_REG_6),
		CALL(BPF_FUNC_get_attach_cookie),
		{.code = BPF_STX | BPF_MEM | BPF_W,
		 .dst_reg = BPF_REG_10,
		 .src_reg = BPF_REG_0,
		 .off = -4},
		{.code = BPF_LD | BPF_DW | BPF_IMM,
		 .dst_reg = BPF_REG_1,
		 .src_reg = BPF_PSEUDO_MAP_FD,
		 .imm = program->map_fd},
		{0},
		COPY(BPF_REG_2, BPF_REG_10),
		{.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_2, .imm = -4},
		CALL(BPF_FUNC_map_lookup_elem),
		{.code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = BPF_REG_0, .imm = 0, .off = 2},
		SET(BPF_REG_1, 1),
		{.code = BPF_STX | BPF_ATOMIC | BPF_DW,
		 .dst_reg = BPF_REG_0,
		 .src_reg = BPF_REG_1,
		 .imm = BPF_ADD},
		SET(BPF_REG_0, 0),
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts);
	int fd;

	if (btf_id) {
		opts.expected_attach_type = BPF_TRACE_FENTRY;
		opts.attach_btf_id = (uint32_t)btf_id;
	}
	fd = bpf_prog_load(type_of(which), "count", "GPL", insns, sizeof(insns) / sizeof(*insns),
			   &opts);
	return fd < 0 ? -errno : fd;
}

static int load_fentry(const struct count_program *program, const char *function)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int id = btf ? btf__find_by_name_kind(btf, function, BTF_KIND_FUNC) : -ENODEV;

	btf__free(btf);
	return id < 0 ? id : load(program, PROBE_PROGRAM_FENTRY, id);
}

int count_program_fd(void *arg, enum probe_program which, const char *function)
{
	struct count_program *program = arg;

	if (program->fds[which] >= 0)
		return program->fds[which];
	program->fds[which] = which == PROBE_PROGRAM_FENTRY ? load_fentry(program, function)
							    : load(program, which, 0);
	return program->fds[which];
}

uint64_t count_program_hits(const struct count_program *program, uint32_t cookie)
{
	uint64_t hits = 0;

	bpf_map_lookup_elem(program->map_fd, &cookie, &hits);
	return hits;
}
