/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The kinds of rules few rows have, and signal frames.  Global functions of their own: the step
 * that nearly every frame takes stays short.
 */
#ifndef CTRACE_BPF_WALK_RARE_H
#define CTRACE_BPF_WALK_RARE_H

#include "walk_platform.h"

/* Everything but rsp+N and rbp+N.  Leaves the CFA in w->word.  Stop or CONTINUE. */
WALK_FUNCTION int walk_rare_cfa(struct walk *w)
{
	int64_t off;
	uint64_t word = 0;

	if (!w)
		return STOP_INTERNAL;
	off = w->rule.cfa_off;
	switch (w->rule.cfa_kind) {
	case CFA_STOP:
		return STOP_END_OF_STACK;
	case CFA_REG:
		if (!w->regs_live && !(w->rule.x == DW_RBX && w->rbx_known))
			return STOP_LOST_REGISTER;
		w->word = w->regs[w->rule.x & 15] + (uint64_t)off;
		return STOP_CONTINUE;
	case CFA_PLT11:
		w->word = w->sp + 8 + ((w->pc & 15) >= 11 ? 8 : 0);
		return STOP_CONTINUE;
	case CFA_PLT10:
		w->word = w->sp + 8 + ((w->pc & 15) >= 10 ? 8 : 0);
		return STOP_CONTINUE;
	case CFA_CLONE:
		if (w->regs_live && w->regs[DW_RAX] == 0)
			return STOP_END_OF_STACK;
		w->word = w->sp + (uint64_t)off;
		return STOP_CONTINUE;
	case CFA_OTHER_STACK:
		w->word = w->regs[DW_RBP] + (uint64_t)off;
		/* Between two stacks there is no up; the limit of frames ends what goes round. */
		w->sp = w->word - 16;
		w->nr_guessed++;
		return STOP_CONTINUE;
	case CFA_RBP_RA:
		w->word = w->regs[DW_RBP] + (uint64_t)off;
		return STOP_CONTINUE;
	case CFA_DEREF_RSP:
		if (walk_read(&word, 8, w->sp + (uint64_t)off) < 0)
			return STOP_READ_FAULT;
		w->word = word + (uint64_t)(int64_t)w->rule.x;
		return STOP_CONTINUE;
	case CFA_DEREF_RBP:
		if (walk_read(&word, 8, w->regs[DW_RBP] + (uint64_t)off) < 0)
			return STOP_READ_FAULT;
		w->word = word + (uint64_t)(int64_t)w->rule.x;
		return STOP_CONTINUE;
	case CFA_RSP_R9:
		if (!w->regs_live)
			return STOP_LOST_REGISTER;
		if (walk_read(&word, 8, w->sp + 8 + 8 * w->regs[DW_R9]) < 0)
			return STOP_READ_FAULT;
		w->word = word + 8;
		return STOP_CONTINUE;
	}
	return STOP_BAD_RULE;
}

/* Where RBP is restored from, for the kinds beyond SAME and CFA.  Stop or CONTINUE. */
WALK_FUNCTION int walk_rare_rbp(struct walk *w, uint64_t cfa)
{
	uint64_t off, word = 0;

	if (!w)
		return STOP_INTERNAL;
	off = (uint64_t)(int64_t)w->rule.rbp_off8 * 8;
	switch (w->rule.rbp_kind) {
	case RBP_DEREF_RBP:
		off += w->regs[DW_RBP];
		break;
	case RBP_DEREF_RSP:
		off += w->sp;
		break;
	case RBP_REALIGN:
		off += (cfa - 8) & ~(uint64_t)63;
		break;
	case RBP_REG:
		/* Lost once the first frame is left: a walk that needs it later stops by itself. */
		w->regs[DW_RBP] = w->regs_live ? w->regs[w->rule.x & 15] : 0;
		return STOP_CONTINUE;
	default:
		w->regs[DW_RBP] = 0;
		return STOP_CONTINUE;
	}
	if (walk_read(&word, 8, off) < 0)
		return STOP_READ_FAULT;
	w->regs[DW_RBP] = word;
	return STOP_CONTINUE;
}

/*
 * Out of a signal handler: the kernel left the interrupted registers in the ucontext, whose
 * gregs begin 40 bytes behind rsp (struct ucontext: flags, link, stack; then struct sigcontext).
 */
WALK_FUNCTION int walk_signal_frame(struct walk *w)
{
	uint64_t greg[17];
	uint32_t i;

	if (!w)
		return STOP_INTERNAL;
	if (walk_read(greg, sizeof(greg), w->sp + 40) < 0)
		return STOP_READ_FAULT;
	w->regs[DW_R8] = greg[0];
	w->regs[DW_R9] = greg[1];
	w->regs[DW_R10] = greg[2];
	w->regs[DW_R11] = greg[3];
	w->regs[DW_R12] = greg[4];
	w->regs[DW_R13] = greg[5];
	w->regs[DW_R14] = greg[6];
	w->regs[DW_R15] = greg[7];
	w->regs[DW_RDI] = greg[8];
	w->regs[DW_RSI] = greg[9];
	w->regs[DW_RBP] = greg[10];
	w->regs[DW_RBX] = greg[11];
	w->regs[DW_RDX] = greg[12];
	w->regs[DW_RAX] = greg[13];
	w->regs[DW_RCX] = greg[14];
	w->regs[DW_RSP] = greg[15];
	/* The handler returns to the trampoline's first byte: no call comes before it. */
	i = w->record.nr_user + w->record.nr_kernel - 1u;
	w->frame[i & (WALK_FRAME_SLOTS - 1)] |= FRAME_EXACT;
	w->sp = greg[15];
	w->pc = greg[16];
	w->regs_live = 1;
	w->rbx_known = 1;
	w->exact = 1;
	w->guessed = 0;
	return STOP_CONTINUE;
}

#endif
