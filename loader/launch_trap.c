/* SPDX-License-Identifier: MIT */
#include "loader/launch_trap.h"

#include "common/cleanup.h"
#include "common/log.h"
#include "loader/launch_image.h"
#include "loader/perf_event.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

#define MOVE_IMMEDIATE(reg, value)                                                    \
	{                                                                             \
		.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = (reg), .imm = (value) \
	}
#define CALL_HELPER(id)                                 \
	{                                               \
		.code = BPF_JMP | BPF_CALL, .imm = (id) \
	}
#define RETURN                             \
	{                                  \
		.code = BPF_JMP | BPF_EXIT \
	}

static int load_program(enum bpf_prog_type type)
{
	/* a uprobe event counts only hits whose program returns 1, and the count tells the hit */
	const struct bpf_insn insns[] = {
		MOVE_IMMEDIATE(BPF_REG_1, LAUNCH_TRAP_SIGNAL),
		CALL_HELPER(BPF_FUNC_send_signal_thread),
		MOVE_IMMEDIATE(BPF_REG_0, 1),
		RETURN,
	};
	int fd = bpf_prog_load(type, "ctrace_entry", "GPL", insns, sizeof(insns) / sizeof(*insns),
			       NULL);

	return fd < 0 ? -errno : fd;
}

/* Runs the program on every hit of @event, which it takes over, and switches it on. */
static int finish(enum bpf_prog_type type, int event_fd, struct launch_trap *ret_trap)
{
	_cleanup_close_ int event = event_fd;
	_cleanup_close_ int program = load_program(type);
	_cleanup_close_ int link = -1;
	int ret;

	if (program < 0) {
		log_debug("cannot load the entry program: %s", strerror(-program));
		return program;
	}
	link = bpf_link_create(program, event, BPF_PERF_EVENT, NULL);
	if (link < 0)
		return -errno;
	ret = perf_enable(event);
	if (ret < 0)
		return ret;
	*ret_trap = (struct launch_trap){TAKE_FD(event), TAKE_FD(link), 0};
	return 0;
}

static __attribute__((noinline)) void step_on_breakpoint(void)
{
	__asm__ volatile("" ::: "memory");
}

/* Some virtual machines take breakpoints and never report one. */
bool launch_trap_breakpoints_work(void)
{
	_cleanup_close_ int event = perf_open_breakpoint((uintptr_t)step_on_breakpoint, 0);
	uint64_t count = 0;

	if (event < 0 || perf_enable(event) < 0)
		return false;
	step_on_breakpoint();
	return read(event, &count, sizeof(count)) == (ssize_t)sizeof(count) && count == 1;
}

int launch_trap_set(pid_t pid, const struct launch_place *place, struct launch_trap *ret_trap)
{
	if (launch_trap_breakpoints_work()) {
		int event = perf_open_breakpoint(place->addr, pid);

		if (event >= 0)
			return finish(BPF_PROG_TYPE_PERF_EVENT, event, ret_trap);
		log_debug("no hardware breakpoint for %d: %s", pid, strerror(-event));
	}
	return launch_trap_set_uprobe(pid, place, ret_trap);
}

/*
 * The kernel looks the file up by path.  A descriptor's path reaches it whatever its name means
 * here: deleted, in a memfd, in another mount namespace.
 */
int launch_trap_set_uprobe(pid_t pid, const struct launch_place *place,
			   struct launch_trap *ret_trap)
{
	_cleanup_close_ int file = -1;
	char path[64];
	int type, event;

	type = perf_pmu_type("uprobe");
	if (type < 0)
		return type;
	file = open(place->file, O_PATH | O_CLOEXEC);
	if (file < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	event = perf_open_uprobe((uint32_t)type, path, place->off, pid, false);
	if (event < 0) {
		log_debug("cannot set a uprobe at offset 0x%lx of %s: %s", place->off, place->file,
			  strerror(-event));
		return event;
	}
	return finish(BPF_PROG_TYPE_KPROBE, event, ret_trap);
}

bool launch_trap_hit(struct launch_trap *trap)
{
	uint64_t count = 0;

	if (read(trap->event_fd, &count, sizeof(count)) != (ssize_t)sizeof(count) ||
	    count <= trap->nr_told)
		return false;
	trap->nr_told = count;
	return true;
}

void launch_trap_remove(struct launch_trap *trap)
{
	cleanup_closep(&trap->link_fd);
	cleanup_closep(&trap->event_fd);
	*trap = (struct launch_trap){-1, -1, 0};
}
