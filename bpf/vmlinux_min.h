/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The few kernel types the BPF programs look into, declared by hand; CO-RE finds the real offsets
 * when the program is loaded.  Not a vmlinux.h: only the fields that are read.
 */
#ifndef CTRACE_BPF_VMLINUX_MIN_H
#define CTRACE_BPF_VMLINUX_MIN_H

#include <linux/bpf.h>

typedef __u8 uint8_t;
typedef __u16 uint16_t;
typedef __u32 uint32_t;
typedef __u64 uint64_t;
typedef __s8 int8_t;
typedef __s16 int16_t;
typedef __s32 int32_t;
typedef __s64 int64_t;
typedef _Bool bool;

#define true 1
#define false 0
#define NULL ((void *)0)

#define VM_EXEC	   0x00000004 /* include/linux/mm.h */
#define PF_KTHREAD 0x00200000 /* include/linux/sched.h */

/* The register file the kernel saves on entry; the layout is ABI (arch/x86/include/uapi). */
struct user_regs {
	uint64_t r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di;
	uint64_t orig_ax, ip, cs, flags, sp, ss;
};

/* What a perf_event program gets: struct bpf_perf_event_data. */
struct perf_event_context {
	struct user_regs regs;
	uint64_t sample_period;
	uint64_t addr;
};

/* A process's number in one pid namespace; laid out like this since 2.6.24. */
struct upid {
	int nr;
	const void *ns;
};

#define CTRACE_PIDTYPE_TGID 1 /* enum pid_type, since 4.19 */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

struct xol_area {
	unsigned long vaddr;
};

struct uprobes_state {
	struct xol_area *xol_area;
};

struct mm_struct {
	struct uprobes_state uprobes_state;
};

struct super_block {
	unsigned int s_dev;
};

struct inode {
	struct super_block *i_sb;
	unsigned long i_ino;
};

struct file {
	struct inode *f_inode;
};

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	unsigned long vm_flags;
	unsigned long vm_pgoff;
	struct file *vm_file;
};

struct return_instance {
	unsigned long stack;
	unsigned long orig_ret_vaddr;
	struct return_instance *next;
};

struct uprobe_task {
	unsigned long vaddr;
	unsigned long xol_vaddr;
	struct return_instance *return_instances;
	struct return_instance *ri_pool;
};

struct uprobe_dispatch_data {
	unsigned long bp_addr;
};

struct pid {
	unsigned int level;
	struct upid numbers[1]; /* level + 1 of them */
};

struct signal_struct {
	atomic_t live;
	struct pid *pids[4];
};

struct task_struct {
	unsigned int flags;
	int pid;
	int tgid;
	struct mm_struct *mm;
	struct pid *thread_pid;
	struct signal_struct *signal;
	struct uprobe_task *utask;
};

#pragma clang attribute pop

#endif
