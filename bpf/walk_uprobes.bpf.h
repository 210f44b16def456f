/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Where uprobes, ours or anybody's, have put the program: the [uprobes] page, which holds the
 * trampoline of return probes and copies of displaced instructions, or one byte behind a
 * breakpoint.  Brings the registers back to what the program means.  Known of arch/x86/kernel/
 * uprobes.c, 6.1 to 6.18.
 */
#ifndef CTRACE_BPF_WALK_UPROBES_BPF_H
#define CTRACE_BPF_WALK_UPROBES_BPF_H

#include "walk_kernel.h"
#include "walk_step.h"

#define UPROBES_PAGE	 4096
#define XOL_SLOT_BYTES	 128 /* UPROBE_XOL_SLOT_BYTES; the first is the trampoline's */
#define TRAMPOLINE_WORDS 3   /* it has on the stack at most */
#define OPCODE_INT3	 0xcc
#define OPCODE_PUSH_RAX	 0x50
#define NO_SYSTEM_CALL	 (~0ull) /* orig_ax of exceptions without an error code */

/*
 * Bytes the return trampoline has on the stack before its instruction at @off.  Since 6.11 it is
 *     0 push rax, 1 push rcx, 2 push r11, 4 mov, 11 syscall, 13 pop r11, 15 pop rcx, 16 ret
 * where the first word becomes the return address; before that, a breakpoint.
 */
KERNEL_INLINE uint32_t trampoline_pushes(uint64_t start, uint64_t off)
{
	uint8_t first = 0;

	if (walk_read(&first, 1, start) < 0 || first != OPCODE_PUSH_RAX)
		return 0;
	if (off < 4)
		return off < 2 ? (uint32_t)off * 8 : 16;
	if (off < 15)
		return 24;
	return off < 16 ? 16 : 8;
}

/* The instance the kernel dealt with last, kept for the next one since 6.13; or NULL. */
KERNEL_INLINE struct return_instance *finished_return(struct task_struct *task)
{
	struct uprobe_task *utask = BPF_CORE_READ(task, utask);

	return bpf_core_field_exists(utask->ri_pool) ? BPF_CORE_READ(utask, ri_pool) : NULL;
}

/*
 * In the return trampoline: a function has returned, but not yet to its caller.  The kernel takes
 * the three words off the stack before it deals with the return and puts them back afterwards, so
 * an instance that is still there tells better where the stack was than the pc does.
 */
WALK_FUNCTION int walk_finish_return(struct walk *w)
{
	struct return_instance *ri;
	uint64_t at, ra = 0;
	uint32_t pushes;

	if (!w)
		return STOP_INTERNAL;
	ri = (struct return_instance *)w->return_instance;
	at = BPF_CORE_READ(ri, stack);
	pushes = trampoline_pushes(w->uprobes_start, w->pc - w->uprobes_start);
	if (ri && at + 8 - w->sp <= TRAMPOLINE_WORDS * 8) {
		ra = BPF_CORE_READ(ri, orig_ret_vaddr);
	} else {
		at = w->sp + pushes - 8;
		ri = finished_return(bpf_get_current_task_btf());
		if (ri && BPF_CORE_READ(ri, stack) == at)
			ra = BPF_CORE_READ(ri, orig_ret_vaddr);
		else if (!pushes || walk_read(&ra, 8, at) < 0)
			return STOP_UPROBE_RETURN;
	}
	w->pc = ra;
	w->sp = at + 8;
	return STOP_CONTINUE;
}

/* The kernel puts the trampoline's words back onto the stack a moment before the pc. */
KERNEL_INLINE void put_back_words(struct walk *w, struct task_struct *task)
{
	struct return_instance *ri = finished_return(task);

	if (ri && BPF_CORE_READ(ri, orig_ret_vaddr) == w->pc &&
	    BPF_CORE_READ(ri, stack) + 8 - w->sp == TRAMPOLINE_WORDS * 8)
		w->sp += TRAMPOLINE_WORDS * 8;
}

/* Frame 0's registers are in @w, and @mm is its memory. */
KERNEL_INLINE void leave_uprobes_page(struct walk *w, struct task_struct *task,
				      struct mm_struct *mm)
{
	struct xol_area *area = BPF_CORE_READ(mm, uprobes_state.xol_area);
	uint64_t slot;

	w->uprobes_start = 0;
	w->return_instance = 0;
	if (!area)
		return;
	w->uprobes_start = BPF_CORE_READ(area, vaddr);
	w->return_instance = (uint64_t)BPF_CORE_READ(task, utask, return_instances);
	if (w->in_kernel && w->pc - w->uprobes_start >= UPROBES_PAGE)
		put_back_words(w, task);
	if (w->pc - w->uprobes_start >= UPROBES_PAGE)
		return;
	slot = BPF_CORE_READ(task, utask, xol_vaddr);
	if (w->pc - w->uprobes_start < XOL_SLOT_BYTES)
		walk_finish_return(w);
	else if (w->pc - slot < XOL_SLOT_BYTES)
		w->pc += BPF_CORE_READ(task, utask, vaddr) - slot;
}

/* Is @word, at a function's first instruction, its return address? */
KERNEL_INLINE bool is_return_address(struct walk *w, uint64_t word)
{
	return (w->uprobes_start && word - w->uprobes_start < UPROBES_PAGE) ||
	       walk_follows_call(w, word, 0);
}

/*
 * A sample taken while the kernel handles a uprobe's breakpoint finds the pc one byte behind it,
 * until handle_swbp() sets it back; and a push the kernel executes in the program's place done,
 * but the pc still at it.  Both matter at the first instruction of a function, where the stack
 * tells: otherwise the pc is in the middle of an instruction, which has one row.
 */
WALK_FUNCTION int walk_leave_breakpoint(struct walk *w)
{
	uint64_t bytes = 0, words[2] = {};
	bool is_behind;

	if (!w || walk_read(&bytes, 2, w->pc - 1) < 0)
		return 0;
	is_behind = bytes >> 8 != OPCODE_INT3;
	if (is_behind && (uint8_t)bytes != OPCODE_INT3)
		return 0;
	if (walk_read(words, sizeof(words), w->sp) < 0)
		return 0;
	/* A breakpoint that is padding between two functions has no unwind information. */
	if (is_return_address(w, words[0])) {
		if (is_behind && walk_resolve(w, w->pc - 1) == STOP_CONTINUE)
			w->pc--;
	} else if (!is_behind && is_return_address(w, words[1])) {
		w->sp += 8;
		w->before_sp = w->sp;
	}
	return 0;
}

#endif
