/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The walk as global functions: each is verified once per program, whoever calls it.  Pointers in
 * kernel structures are read with BPF_CORE_READ: for each one followed directly the verifier of
 * 6.18 searches all of vmlinux's BTF by name, 1.2 ms a time.
 */
#include "walk_uprobes.bpf.h"

#include "walk.bpf.h"

#include <bpf/bpf_core_read.h>

#define USER_CS	  0x33 /* __USER_CS: 64-bit code (arch/x86/include/asm/segment.h) */
#define USER32_CS 0x23

/* Before 6.? the kernel marks a task that is between two images. */
struct task_struct___execve {
	unsigned int in_execve : 1;
} __attribute__((preserve_access_index));

static __attribute__((always_inline)) inline bool task_is_in_exec(struct task_struct *task)
{
	struct task_struct___execve *t = (void *)task;

	return bpf_core_field_exists(t->in_execve) && BPF_CORE_READ_BITFIELD_PROBED(t, in_execve);
}

static __attribute__((always_inline)) inline void take_registers(struct walk *w,
								 const struct user_regs *regs)
{
	w->pc = regs->ip;
	w->sp = regs->sp;
	w->regs[DW_RAX] = regs->ax;
	w->regs[DW_RDX] = regs->dx;
	w->regs[DW_RCX] = regs->cx;
	w->regs[DW_RBX] = regs->bx;
	w->regs[DW_RSI] = regs->si;
	w->regs[DW_RDI] = regs->di;
	w->regs[DW_RBP] = regs->bp;
	w->regs[DW_RSP] = regs->sp;
	w->regs[DW_R8] = regs->r8;
	w->regs[DW_R9] = regs->r9;
	w->regs[DW_R10] = regs->r10;
	w->regs[DW_R11] = regs->r11;
	w->regs[DW_R12] = regs->r12;
	w->regs[DW_R13] = regs->r13;
	w->regs[DW_R14] = regs->r14;
	w->regs[DW_R15] = regs->r15;
}

/* The function that has just returned, as the leaf; then pc is a return address like any other. */
static __attribute__((always_inline)) inline void push_returned(struct walk *w)
{
	uint64_t caller = w->pc;

	w->pc = w->returned;
	walk_push(w);
	w->pc = caller;
	w->exact = 0;
}

/* Something else lies where the table says: what was learned since goes before it. */
static __attribute__((always_inline)) inline void doubt_table(struct walk *w)
{
	uint32_t tgid = w->record.tgid;
	const struct recent_mappings *m = bpf_map_lookup_elem(&recents, &tgid);

	w->in_doubt = 1;
	w->record.lesson = m ? m->nr : 0;
	w->generation = 0; /* nothing of the cache is */
}

int walk_user(struct walk *w)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	const struct mapping_table *table;
	const struct user_regs *regs;
	int stop = STOP_MAX_FRAMES;
	bool breakpoint;
	uint64_t at;

	if (!w)
		return STOP_INTERNAL;
	if (task->flags & PF_KTHREAD || !mm || task_is_in_exec(task))
		return STOP_KERNEL_ONLY;
	at = (uint64_t)bpf_task_pt_regs(task);
	/* In the window's place: 6.1 grants all functions in a row 512 bytes of stack. */
	regs = (const struct user_regs *)w->window;
	if (bpf_probe_read_kernel(w->window, sizeof(*regs), (const void *)at) < 0)
		return STOP_INTERNAL;
	if ((uint16_t)regs->cs == USER32_CS)
		return STOP_COMPAT;
	if ((uint16_t)regs->cs != USER_CS)
		return STOP_KERNEL_ONLY;
	take_registers(w, regs);
	breakpoint = w->in_kernel && regs->orig_ax == NO_SYSTEM_CALL;
	leave_uprobes_page(w, task, mm);
	table = walk_mapping_table(w->slot);
	w->generation = table ? table->generation : 0;
	w->jit_timed_ns = table ? table->jit_timed_ns : 0;
	w->jit_registers = table ? (uint8_t)table->jit_registers : 0;
	w->jit_keeps_rbp = table ? (uint8_t)table->jit_keeps_rbp : 0;
	w->record.key.hash[0] = 0;
	w->record.key.hash[1] = 0;
	w->record.generation = w->generation;
	if (table && w->doubt_ns > table->as_of_ns)
		doubt_table(w);
	walk_begin(w, config.max_frames);
	if (w->returned)
		push_returned(w);
	else if (breakpoint)
		walk_leave_breakpoint(w);
	for (int i = 0; i < WALK_RUNS; i++) {
		stop = walk_run(w);
		if (stop != STOP_CONTINUE)
			break;
	}
	return !table && stop == STOP_NO_MAPPING ? STOP_NO_PROCESS : stop;
}

int walk_published(uint32_t slot, uint64_t pc, struct recent_mapping *ret_mapping)
{
	const struct mapping_table *table;
	uint32_t i;

	slot = walk_find_page(slot, pc);
	table = walk_mapping_table(slot);
	if (!table || !ret_mapping || walk_search_table(table, slot, pc, &i) < 0)
		return 0;
	i &= CTRACE_MAX_MAPPINGS - 1;
	if (pc >= table->entry[i].end)
		return 0;
	ret_mapping->start = table->start[i];
	ret_mapping->end = table->entry[i].end;
	ret_mapping->bias = table->entry[i].bias;
	ret_mapping->blob = table->entry[i].blob;
	ret_mapping->index_base = table->entry[i].index_base;
	return 1;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
