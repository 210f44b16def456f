/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * One step of the walk: record the frame in hand, find its caller.  Compiled for the kernel (each
 * WALK_FUNCTION is a global function, verified once) and for the host (tests, fuzzers, gdb).
 * Memory, tables and caches come from walk_platform.h; nothing here knows BPF maps.
 *
 * Verifier notes (kernel 6.1 to 6.18, clang 14 and 19): the two searches stay functions of their
 * own, inlined they cost 439 k verified instructions; a masked index goes through opaque() before
 * its second use, or clang reuses the unmasked register and the access is refused as unbounded;
 * forget() makes the verifier see one state a round instead of two to the power of rounds, which
 * takes the searches from 9,900 verified instructions to a few hundred; calls nest 8 deep at most,
 * which is what walk_guess() comes to.
 */
#ifndef CTRACE_BPF_WALK_STEP_H
#define CTRACE_BPF_WALK_STEP_H

#include "walk_guess.h"
#include "walk_rare.h"

/* Records the frame in hand; STOP_MAX_FRAMES when there is no room for it. */
WALK_INLINE int walk_push(struct walk *w)
{
	uint32_t n = w->record.nr_user;
	uint64_t frame = w->pc & FRAME_PC_MASK;

	if (n >= w->max_frames)
		return STOP_MAX_FRAMES;
	frame |= (uint64_t)w->exact * FRAME_EXACT | (uint64_t)w->guessed * FRAME_GUESSED;
	w->frame[(n + w->record.nr_kernel) & (WALK_FRAME_SLOTS - 1)] = frame;
	w->record.nr_user = (uint16_t)(n + 1);
	walk_hash(w, frame);
	return STOP_CONTINUE;
}

/* The address a return probe replaced at @where, into w->word.  A search: not in the step. */
WALK_FUNCTION int walk_leave_trampoline(struct walk *w, uint64_t where)
{
	uint64_t ra = 0;

	if (!w || walk_uprobe_return(w, where, &ra) < 0)
		return STOP_UPROBE_RETURN;
	w->word = ra;
	return STOP_CONTINUE;
}

/*
 * Makes the caller at @ra, whose stack begins at @cfa, the frame in hand.  @derived: 1 if by a rule
 * that was found by reading the code, else 0.
 */
WALK_INLINE int walk_enter_caller(struct walk *w, uint64_t cfa, uint64_t ra, uint32_t derived)
{
	if (w->uprobes_start && ra - w->uprobes_start < 4096) {
		if (walk_leave_trampoline(w, cfa - 8) != STOP_CONTINUE)
			return STOP_UPROBE_RETURN;
		ra = w->word;
	}
	w->pc = ra;
	w->sp = cfa;
	w->exact = 0;
	w->guessed = (uint8_t)derived;
	w->nr_guessed += derived;
	w->regs_live = 0;
	return ra ? STOP_CONTINUE : STOP_ZERO_RETURN;
}

/* Remembers where a step sets out, for it may have to be taken back. */
WALK_INLINE void walk_set_out(struct walk *w)
{
	w->before_sp = w->sp;
	w->before_rbp = w->regs[DW_RBP];
}

/* By a rule of any kind.  Not common: out of the way, so that the step stays short. */
WALK_FUNCTION int walk_by_rule(struct walk *w)
{
	uint64_t cfa, ra = 0;
	uint64_t ra_at;
	int stop;

	if (!w)
		return STOP_INTERNAL;
	walk_set_out(w);
	if (w->rule.cfa_kind == CFA_RSP) {
		cfa = w->sp + (uint64_t)(int64_t)w->rule.cfa_off;
	} else if (w->rule.cfa_kind == CFA_RBP) {
		cfa = w->regs[DW_RBP] + (uint64_t)(int64_t)w->rule.cfa_off;
	} else if (w->rule.cfa_kind == CFA_SIGNAL) {
		return walk_signal_frame(w);
	} else {
		stop = walk_rare_cfa(w);
		if (stop != STOP_CONTINUE)
			return stop;
		cfa = w->word;
	}
	if (cfa <= w->sp && !(cfa == w->sp && w->rule.flags & RULE_RA_REGISTER))
		return STOP_NO_PROGRESS;

	ra_at = cfa - 8;
	if (w->rule.cfa_kind == CFA_RBP_RA)
		ra_at += (uint64_t)(int64_t)w->rule.x;
	if (w->rule.flags & RULE_RA_REGISTER) {
		if (!w->regs_live)
			return STOP_LOST_REGISTER;
		ra = w->regs[w->rule.x & 15];
	} else if (walk_read_word(w, ra_at, &ra) < 0) {
		return STOP_READ_FAULT;
	}
	if (w->rule.rbp_kind == RBP_CFA) {
		uint64_t at = cfa + (uint64_t)((int64_t)w->rule.rbp_off8 * 8);

		if (walk_read_word(w, at, &w->regs[DW_RBP]) < 0)
			return STOP_READ_FAULT;
	} else if (w->rule.rbp_kind != RBP_SAME) {
		stop = walk_rare_rbp(w, cfa);
		if (stop != STOP_CONTINUE)
			return stop;
	}
	if (w->rule.flags & RULE_RBX_SAVED) {
		uint64_t at = cfa + (uint64_t)(int64_t)w->rule.x;

		w->rbx_known = walk_read_word(w, at, &w->regs[DW_RBX]) == 0;
	} else if (!(w->rule.flags & RULE_RBX_KEPT)) {
		w->rbx_known = 0;
	}
	return walk_enter_caller(w, cfa, ra, w->rule.flags / RULE_DERIVED & 1);
}

/* By a common rule. */
WALK_INLINE int walk_by_common_rule(struct walk *w, uint32_t common)
{
	uint64_t cfa = common & COMMON_CFA_RBP ? w->regs[DW_RBP] : w->sp, ra = 0;

	cfa += (uint64_t)common_cfa_off(common);
	if (cfa <= w->sp)
		return common == COMMON_STOP ? STOP_END_OF_STACK : STOP_NO_PROGRESS;
	walk_set_out(w);
	if (walk_read_word(w, cfa - 8, &ra) < 0)
		return STOP_READ_FAULT;
	if (common & COMMON_RBP_SAVED) {
		uint64_t at = cfa + (uint64_t)common_rbp_off(common);

		if (walk_read_word(w, at, &w->regs[DW_RBP]) < 0)
			return STOP_READ_FAULT;
	}
	w->rbx_known = 0;
	return walk_enter_caller(w, cfa, ra, common / COMMON_DERIVED & 1);
}

/* Finds the caller of the frame in hand.  STOP_CONTINUE with the caller in hand, or the end. */
WALK_INLINE int walk_unwind(struct walk *w, struct walk_cache *cache)
{
	uint64_t pc = w->pc - (w->exact ^ 1u);
	uint32_t common = walk_cache_get(w, cache, pc);

	if (!common) {
		int stop = walk_resolve(w, pc);

		if (stop != STOP_CONTINUE)
			return stop;
		common = w->common;
		if (!common)
			return walk_by_rule(w);
	}
	return walk_by_common_rule(w, common);
}

/* Frames of one walk_run(): as many as verify fast, walk_run() being verified once. */
#define WALK_RUN  6
#define WALK_RUNS 86
_Static_assert(WALK_RUN *WALK_RUNS > CTRACE_MAX_FRAMES, "a walk reaches its frame limit");

/* Records the frame in hand and goes on to its caller, a few times. */
WALK_FUNCTION int walk_run(struct walk *w)
{
	struct walk_cache *cache;
	int stop = STOP_CONTINUE;

	if (!w)
		return STOP_INTERNAL;
	cache = walk_cache(w);
	if (!cache)
		return STOP_INTERNAL;
	for (int i = 0; i < WALK_RUN; i++) {
		stop = walk_push(w);
		if (stop != STOP_CONTINUE)
			break;
		stop = walk_unwind(w, cache);
		if (stop != STOP_CONTINUE)
			stop = walk_reconsider(w, stop);
		if (stop == STOP_NO_ROW || stop == STOP_NO_TABLE || stop == STOP_NO_MAPPING ||
		    stop == STOP_NO_CALL || stop == STOP_ZERO_RETURN)
			stop = walk_guess(w, stop);
		if (stop != STOP_CONTINUE)
			break;
	}
	return stop;
}

/* Readies @w for a task whose registers and stack_record header are filled in. */
WALK_INLINE void walk_begin(struct walk *w, uint32_t max_frames)
{
	w->mapping_start = 1;
	w->mapping_end = 1;
	w->mapping_blob = MAPPING_NO_TABLE;
	w->mapping_asked = 0;
	w->window_size = 0;
	w->window_start = 0;
	walk_set_out(w);
	w->nr_guessed = 0;
	w->met_jit = 0;
	w->max_frames = max_frames < CTRACE_MAX_FRAMES ? max_frames : CTRACE_MAX_FRAMES;
	w->exact = 1;
	w->guessed = 0;
	w->regs_live = 1;
	w->rbx_known = 1;
	w->record.nr_user = 0;
}

#endif
