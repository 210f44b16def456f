/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Callers where no rule tells: a leaf's return address, a frame pointer that is one; and the way
 * back from a step by a rule that turned out to be wrong.
 */
#ifndef CTRACE_BPF_WALK_GUESS_H
#define CTRACE_BPF_WALK_GUESS_H

#include "walk_hash.h"
#include "walk_lookup.h"

/* A frame pointer further up than this is no frame pointer (the study's guard). */
#define GUESS_MAX_FRAME (1u << 20)
/* Memory this near to code of an unknown mapping may be of the same one. */
#define GUESS_NEAR (1u << 26)
/* How much code is searched for the beginning of its function; a power of two. */
#define GUESS_CODE_BYTES 256
/* Words of a frame that are searched for what would prove that it is more than one. */
#define GUESS_MAX_WORDS 256
/* How much of that at a time. */
#define GUESS_RUN 16

/*
 * Does code made at run time stand where it makes its frame or leaves it?  Then the return address
 * is known whatever rbp is: the distance of its place from rsp, or -1.
 */
WALK_FUNCTION int walk_frame_edge(uint64_t pc)
{
	uint8_t code[5] = {};

	if (walk_read(code, sizeof(code), pc - 1) < 0)
		return -1;
	if (code[1] == 0xc3 || code[1] == 0xc2) /* ret */
		return 0;
	/* push rbp; mov rbp, rsp in either spelling */
	if (code[1] == 0x55 && code[2] == 0x48 && (code[3] == 0x89 || code[3] == 0x8b))
		return 0;
	if (code[0] == 0x55 && code[1] == 0x48 &&
	    ((code[2] == 0x89 && code[3] == 0xe5) || (code[2] == 0x8b && code[3] == 0xec)))
		return 8;
	return -1;
}

/* pop rbp or leave, and ret; or pop rbp and a jump to another function: its first three bytes */
WALK_INLINE int is_function_end(uint32_t code)
{
	uint32_t two = code & 0xffff;

	if (two == 0xc35d || two == 0xc3c9 || two == 0xe95d)
		return 1;
	return two == 0xff5d && (code >> 16 & 0x38) == 0x20;
}

/* What a run of a search came to: these are functions, as the verifier takes them once each. */
enum { RUN_NO, RUN_YES, RUN_GO_ON };

/* Looks at the code in the window, downward from @end; w->word has the four bytes behind it. */
WALK_FUNCTION int walk_code_run(struct walk *w, uint32_t end)
{
	const uint8_t *code;
	uint32_t last;

	if (!w)
		return RUN_NO;
	code = (const uint8_t *)w->window;
	last = (uint32_t)w->word;
	for (int i = 0; i < GUESS_RUN; i++) {
		if (end == 0)
			return RUN_NO;
		end--;
		last = last << 8 | code[end & (GUESS_CODE_BYTES - 1)];
		if (last == 0xe5894855 || last == 0xec8b4855)
			return RUN_YES;
		if (is_function_end(last))
			return RUN_NO;
		forget(last, w->pc);
	}
	w->word = last;
	return RUN_GO_ON;
}

/*
 * Has the code in hand made itself a frame: does a "push rbp; mov rbp, rsp" come before @pc, near,
 * and no end of a function in between?  Takes the window's place.
 */
WALK_FUNCTION int walk_has_made_frame(struct walk *w, uint64_t pc)
{
	uint32_t size = GUESS_CODE_BYTES;

	if (!w)
		return 0;
	w->window_size = 0;
	w->word = 0;
	if (walk_read(w->window, GUESS_CODE_BYTES, pc - GUESS_CODE_BYTES) < 0) {
		/* Code begins on this page. */
		size = pc & 4095;
		if (size > GUESS_CODE_BYTES)
			return 0;
		if (walk_read(w->window, size, pc - size) < 0)
			return 0;
	}
	for (int i = 0; i < GUESS_CODE_BYTES / GUESS_RUN; i++) {
		int found = walk_code_run(w, size);

		if (found != RUN_GO_ON)
			return found;
		size -= GUESS_RUN;
	}
	return 0;
}

/* May a word from @at on, and below the frame pointer, be a return address? */
WALK_FUNCTION int walk_skip_run(struct walk *w, uint64_t at, int is_unknown)
{
	uint64_t word = 0;

	if (!w)
		return RUN_YES;
	for (int i = 0; i < GUESS_RUN; i++) {
		if (at >= w->regs[DW_RBP])
			return RUN_NO;
		if (walk_read_word(w, at, &word) < 0 || walk_follows_call(w, word, 0))
			return RUN_YES;
		if (is_unknown && word - w->pc + GUESS_NEAR < 2 * (uint64_t)GUESS_NEAR)
			return RUN_YES;
		at += 8;
		forget(at, word);
	}
	return RUN_GO_ON;
}

/*
 * May frames lie between rsp and the one rbp points to?  Each would have left its return address
 * there: where no word can be one, rbp is the frame pointer of the very frame in hand.
 */
WALK_INLINE int walk_may_skip(struct walk *w, int is_unknown)
{
	uint64_t at = w->sp;

	for (int i = 0; i < GUESS_MAX_WORDS / GUESS_RUN; i++) {
		int found = walk_skip_run(w, at, is_unknown);

		if (found != RUN_GO_ON)
			return found;
		at += 8 * GUESS_RUN;
	}
	return 1;
}

/* By frame pointer, if it is one: the caller's address and stack into w->pc and w->sp.  0 or -1. */
WALK_INLINE int walk_by_frame_pointer(struct walk *w, int why, int is_jit)
{
	uint64_t bp = w->regs[DW_RBP], word = 0, saved = 0;
	int is_kept = 0;

	if (bp < w->sp || bp - w->sp > GUESS_MAX_FRAME || bp & 7)
		return -1;
	if (walk_read_word(w, bp, &saved) < 0 || walk_read_word(w, bp + 8, &word) < 0)
		return -1;
	/* No address, no end either: two words of zero are found anywhere. */
	if (!walk_follows_call(w, word, 1))
		return -1;
	if (w->is_framed || (is_jit && (w->jit_keeps_rbp || walk_has_made_frame(w, w->pc))))
		is_kept = 1;
	if (!is_kept && walk_may_skip(w, why == STOP_NO_MAPPING))
		return -1;
	w->sp = bp + 16;
	w->pc = word;
	w->regs[DW_RBP] = saved;
	return 0;
}

/*
 * No CFI for the code in hand, because of @why: a leaf that has pushed nothing (frame 0 only), or
 * a frame pointer.  CONTINUE with the caller, or why there is none.
 */
WALK_FUNCTION int walk_guess(struct walk *w, int why)
{
	uint64_t word = 0;
	int off = -1, is_jit;

	if (!w)
		return STOP_INTERNAL;
	/* Where nobody knows a mapping yet, such code is what it most likely is. */
	is_jit = why == STOP_NO_MAPPING || w->mapping_blob == MAPPING_JIT;
	w->met_jit |= is_jit;
	if (w->exact)
		off = is_jit ? walk_frame_edge(w->pc) : 0;
	if (off >= 0 && walk_read_word(w, w->sp + (uint32_t)off, &word) == 0 &&
	    walk_follows_call(w, word, 0)) {
		/* rbp has been pushed and is the caller's still. */
		w->sp += (uint32_t)off + 8;
		w->pc = word;
	} else if (walk_by_frame_pointer(w, why, is_jit) < 0) {
		return is_jit && why != STOP_NO_MAPPING ? STOP_JIT_FRAME : why;
	}
	w->exact = 0;
	w->regs_live = 0;
	w->rbx_known = 0;
	w->guessed = 1;
	w->nr_guessed++;
	return STOP_CONTINUE;
}

/* The frame recorded last. */
WALK_INLINE uint64_t walk_last_frame(const struct walk *w)
{
	uint32_t i = w->record.nr_user + w->record.nr_kernel - 1u;

	return w->frame[i & (WALK_FRAME_SLOTS - 1)];
}

/* The last step was wrong: takes it back, and the frame it led to if that @is_recorded. */
WALK_INLINE void walk_take_back(struct walk *w, int is_recorded)
{
	uint64_t frame;

	if (is_recorded) {
		walk_unhash(w, walk_last_frame(w));
		w->record.nr_user--;
	}
	frame = walk_last_frame(w);
	w->nr_guessed -= w->guessed;
	w->guessed = (frame & FRAME_GUESSED) != 0;
	w->exact = (frame & FRAME_EXACT) != 0;
	w->pc = frame & FRAME_PC_MASK;
	w->sp = w->before_sp;
	w->regs[DW_RBP] = w->before_rbp;
	w->is_framed = 0;
	walk_enter_mapping(w, w->pc);
}

/*
 * There is no caller by rule, because of @why.  Takes back a step that cannot have been right.
 * NO_CALL, ZERO_RETURN, NO_ROW, NO_TABLE, NO_MAPPING: walk_guess() may know one; else the end.
 */
WALK_FUNCTION int walk_reconsider(struct walk *w, int why)
{
	if (!w)
		return STOP_INTERNAL;
	if (why == STOP_NO_CALL || (why == STOP_NO_MAPPING && w->guessed)) {
		walk_take_back(w, 1);
		return STOP_NO_CALL;
	}
	if (why != STOP_ZERO_RETURN)
		return why;
	/*
	 * Whoever makes a stack of its own may put 0 at its bottom.  There the CFA is a multiple of
	 * 16, as at every call (psABI, 3.2.2); in a subroutine that CFI does not know of it is not.
	 */
	if (!w->guessed && !(w->sp & 15))
		return STOP_END_OF_STACK;
	walk_take_back(w, 0);
	return why;
}

#endif
