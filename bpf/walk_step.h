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

#include "walk_cache.h"
#include "walk_mapping.h"
#include "walk_rare.h"

/* A binary search: enough halvings for the largest range, plus one for the empty remainder. */
#define ROW_SEARCH_STEPS 11
_Static_assert(1 << (ROW_SEARCH_STEPS - 1) >= CTRACE_MAX_BLOCK_ROWS, "search covers a block");

/* A frame pointer further up than this is no frame pointer (the study's guard). */
#define GUESS_MAX_FRAME (1u << 20)
/* Memory this near to code of an unknown mapping may be of the same one. */
#define GUESS_NEAR (1u << 26)
/* How much code is searched for the beginning of its function; a power of two. */
#define GUESS_CODE_BYTES 256
/* Words of a frame that are searched for what would prove that it is more than one. */
#define GUESS_MAX_WORDS 256

#define HASH_K1 0x9e3779b97f4a7c15ull /* 2^64 / golden ratio */
#define HASH_K2 0xc2b2ae3d27d4eb4full /* a large odd constant with mixed bits */

WALK_INLINE void walk_hash(struct walk *w, uint64_t value)
{
	uint64_t h0 = (w->record.key.hash[0] ^ value) * HASH_K1;
	uint64_t h1 = (w->record.key.hash[1] + value) * HASH_K2;

	w->record.key.hash[0] = h0 ^ h0 >> 32;
	w->record.key.hash[1] = h1 ^ h1 >> 29;
}

/* Fetches the window that begins at @addr and leaves its first word in w->word.  0 or -1. */
WALK_FUNCTION int walk_fetch(struct walk *w, uint64_t addr)
{
	uint32_t size = 4096 - (addr & 4095);

	if (!w)
		return -1;
	if (size > WALK_WINDOW_BYTES)
		size = WALK_WINDOW_BYTES;
	if (!(addr & 7)) {
		w->window_size = 0;
		if (walk_read(w->window, size, addr) == 0) {
			w->window_start = addr;
			w->window_size = size;
			w->word = w->window[0];
			return 0;
		}
	}
	return walk_read(&w->word, 8, addr) < 0 ? -1 : 0;
}

/* The word at @addr, through the window.  0, or -1 when it cannot be read. */
WALK_INLINE int walk_read_word(struct walk *w, uint64_t addr, uint64_t *ret_word)
{
	uint64_t off = addr - w->window_start;
	uint32_t i;

	if (off >= w->window_size || off & 7) {
		if (walk_fetch(w, addr) < 0)
			return -1;
		*ret_word = w->word;
		return 0;
	}
	i = (uint32_t)(off >> 3) & (WALK_WINDOW_WORDS - 1);
	opaque(i);
	*ret_word = w->window[i & (WALK_WINDOW_WORDS - 1)];
	return 0;
}

/* The row that governs @pc16 in the block whose index entry is word @block of @blob. */
WALK_FUNCTION uint32_t walk_find_row(uint32_t blob, uint32_t block, uint32_t pc16)
{
	const struct unwind_blob *b = walk_blob(blob);
	uint32_t next = block + 1;
	uint32_t low, high, key = pc16 << 16 | 0xffff;

	if (!b)
		return 0;
	opaque(next);
	low = b->word[block & (CTRACE_BLOB_WORDS - 1)];
	high = b->word[next & (CTRACE_BLOB_WORDS - 1)];
	for (int i = 0; i < ROW_SEARCH_STEPS; i++) {
		uint32_t middle = (low + high) >> 1;

		if (low >= high)
			break;
		if (b->word[middle & (CTRACE_BLOB_WORDS - 1)] <= key) {
			low = middle + 1;
			forget(low, key);
		} else {
			high = middle;
			forget(high, key);
		}
	}
	return b->word[(low - 1) & (CTRACE_BLOB_WORDS - 1)];
}

WALK_INLINE uint32_t popcount16(uint32_t v)
{
	v = v - (v >> 1 & 0x5555);
	v = (v & 0x3333) + (v >> 2 & 0x3333);
	v = (v + (v >> 4)) & 0x0f0f;
	return (v + (v >> 8)) & 0x1f;
}

/* @rule as it is @distance bytes behind its row: the ramp worked out. */
WALK_INLINE void walk_apply_ramp(const struct unwind_rule *rule, uint32_t distance,
				 struct walk_rule *ret_rule)
{
	uint32_t mask = rule->ramp_mask, rbp = rule->rbp_kind;
	int32_t off = rule->cfa_off;

	if (distance > CTRACE_RAMP_SPAN)
		distance = CTRACE_RAMP_SPAN;
	if (mask) {
		int32_t step = (int32_t)popcount16(mask & ((1u << distance) - 1)) * 8;

		off += rule->flags & RULE_RAMP_DOWN ? -step : step;
	}
	if (rbp == RBP_CFA_FROM)
		rbp = distance >= rule->rbp_step ? RBP_CFA : RBP_SAME;
	else if (rbp == RBP_CFA_UNTIL)
		rbp = distance < rule->rbp_step ? RBP_CFA : RBP_SAME;
	ret_rule->cfa_off = off;
	ret_rule->rbp_off8 = rule->rbp_off8;
	ret_rule->cfa_kind = rule->cfa_kind;
	ret_rule->rbp_kind = (uint8_t)rbp;
	ret_rule->x = rule->x;
	ret_rule->flags = rule->flags;
}

/*
 * Puts the rule of @pc in hand.  STOP_CONTINUE, or the reason why
 * there is none: NO_MAPPING, NO_TABLE, NO_ROW, BAD_RULE.
 */
WALK_FUNCTION int walk_resolve(struct walk *w, uint64_t pc)
{
	const struct unwind_rules *rules = walk_rules();
	const struct unwind_rule *rule;
	struct walk_cache *cache;
	uint64_t vaddr;
	uint32_t row, blob;

	if (!w || !rules)
		return STOP_INTERNAL;
	cache = walk_cache(w);
	if (!cache)
		return STOP_INTERNAL;
	if (walk_enter_mapping(w, pc) < 0)
		return STOP_NO_MAPPING;
	blob = w->mapping_blob;
	if (MAPPING_SPECIAL(blob))
		return STOP_NO_TABLE;
	vaddr = pc - w->mapping_bias;
	row = walk_find_row(blob, w->mapping_index + (uint32_t)(vaddr >> CTRACE_BLOCK_SHIFT),
			    (uint16_t)vaddr);
	rule = &rules->rule[CTRACE_ROW_RULE(row)];
	if (rule->cfa_kind == CFA_NONE)
		return rule->x == NONE_GAP ? STOP_NO_ROW : STOP_BAD_RULE;
	walk_apply_ramp(rule, (uint16_t)((uint32_t)vaddr - CTRACE_ROW_PC16(row)), &w->rule);
	w->common = walk_common_rule(&w->rule);
	if (w->common && !w->mapping_asked)
		walk_cache_put(w, cache, pc, w->common);
	return STOP_CONTINUE;
}

/* Is @addr, seen as a return address, in code we know, right behind a call instruction? */
WALK_FUNCTION int walk_follows_call(struct walk *w, uint64_t addr)
{
	uint8_t code[8] = {};

	if (!w || addr < 8)
		return 0;
	if (walk_enter_mapping(w, addr) < 0)
		return 0;
	if (w->mapping_blob == MAPPING_JIT)
		return 1;
	if (walk_read(code, 8, addr - 8) < 0)
		return 0;
	/* e8 rel32; ff /2 with 0, 1, 4 bytes of displacement and a possible SIB byte. */
	if (code[3] == 0xe8)
		return 1;
	if (code[6] == 0xff && (code[7] & 0x38) == 0x10)
		return 1;
	if (code[5] == 0xff && (code[6] & 0x38) == 0x10)
		return 1;
	if (code[4] == 0xff && (code[5] & 0x38) == 0x10)
		return 1;
	if (code[2] == 0xff && (code[3] & 0x38) == 0x10)
		return 1;
	return code[1] == 0xff && (code[2] & 0x38) == 0x10;
}

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

/* pop rbp or leave; then ret, or a jump to another function */
WALK_INLINE int is_function_end(uint8_t first, uint8_t second)
{
	if (first != 0x5d && first != 0xc9)
		return 0;
	return second == 0xc3 || second == 0xc2 || second == 0xe9 || second == 0xff;
}

/*
 * Has the code in hand made itself a frame: does a "push rbp; mov rbp, rsp" come before @pc, near,
 * and no end of a function in between?  Takes the window's place.
 */
WALK_FUNCTION int walk_has_made_frame(struct walk *w, uint64_t pc)
{
	uint32_t size = GUESS_CODE_BYTES, last = 0;
	const uint8_t *code;

	if (!w)
		return 0;
	code = (const uint8_t *)w->window;
	w->window_size = 0;
	if (walk_read(w->window, GUESS_CODE_BYTES, pc - GUESS_CODE_BYTES) < 0) {
		/* Code begins on this page. */
		size = pc & 4095;
		if (size > GUESS_CODE_BYTES)
			return 0;
		if (walk_read(w->window, size, pc - size) < 0)
			return 0;
	}
	for (uint32_t i = 1; i <= GUESS_CODE_BYTES; i++) {
		uint32_t at = size - i;

		if (i > size)
			break;
		last = last << 8 | code[at & (GUESS_CODE_BYTES - 1)];
		if (i >= 4 && (last == 0xe5894855 || last == 0xec8b4855))
			return 1;
		if (is_function_end((uint8_t)last, (uint8_t)(last >> 8)))
			return 0;
		forget(last, pc);
	}
	return 0;
}

/*
 * May frames lie between rsp and the one rbp points to?  Each would have left its return address
 * there: where no word can be one, rbp is the frame pointer of the very frame in hand.
 */
WALK_FUNCTION int walk_may_skip(struct walk *w, int is_unknown)
{
	uint64_t at, bp, word = 0;

	if (!w)
		return 1;
	at = w->sp;
	bp = w->regs[DW_RBP];
	for (int i = 0; i < GUESS_MAX_WORDS; i++) {
		if (at >= bp)
			return 0;
		if (walk_read_word(w, at, &word) < 0 || walk_follows_call(w, word))
			return 1;
		if (is_unknown && word - w->pc + GUESS_NEAR < 2 * (uint64_t)GUESS_NEAR)
			return 1;
		at += 8;
		forget(at, bp);
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
	if (!walk_follows_call(w, word))
		return -1;
	if (is_jit && (w->jit_keeps_rbp || walk_has_made_frame(w, w->pc)))
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
	    walk_follows_call(w, word)) {
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

/* Makes the caller at @ra, whose stack begins at @cfa, the frame in hand. */
WALK_INLINE int walk_enter_caller(struct walk *w, uint64_t cfa, uint64_t ra)
{
	if (w->uprobes_start && ra - w->uprobes_start < 4096) {
		if (walk_leave_trampoline(w, cfa - 8) != STOP_CONTINUE)
			return STOP_UPROBE_RETURN;
		ra = w->word;
	}
	w->pc = ra;
	w->sp = cfa;
	w->exact = 0;
	w->guessed = w->rule.flags & RULE_DERIVED ? 1 : 0;
	w->nr_guessed += w->guessed;
	w->regs_live = 0;
	return ra ? STOP_CONTINUE : STOP_END_OF_STACK;
}

/* By a rule of any kind.  Not common: out of the way, so that the step stays short. */
WALK_FUNCTION int walk_by_rule(struct walk *w)
{
	uint64_t cfa, ra = 0;
	int stop;

	if (!w)
		return STOP_INTERNAL;
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

	if (w->rule.flags & RULE_RA_REGISTER) {
		if (!w->regs_live)
			return STOP_LOST_REGISTER;
		ra = w->regs[w->rule.x & 15];
	} else if (walk_read_word(w, cfa - 8, &ra) < 0) {
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
	return walk_enter_caller(w, cfa, ra);
}

/* By a common rule. */
WALK_INLINE int walk_by_common_rule(struct walk *w, uint32_t common)
{
	uint64_t cfa = common & COMMON_CFA_RBP ? w->regs[DW_RBP] : w->sp, ra = 0;

	cfa += (uint64_t)common_cfa_off(common);
	if (cfa <= w->sp)
		return common == COMMON_STOP ? STOP_END_OF_STACK : STOP_NO_PROGRESS;
	if (walk_read_word(w, cfa - 8, &ra) < 0)
		return STOP_READ_FAULT;
	if (common & COMMON_RBP_SAVED) {
		uint64_t at = cfa + (uint64_t)common_rbp_off(common);

		if (walk_read_word(w, at, &w->regs[DW_RBP]) < 0)
			return STOP_READ_FAULT;
	}
	w->rbx_known = 0;
	return walk_enter_caller(w, cfa, ra);
}

/* Finds the caller of the frame in hand.  STOP_CONTINUE with the caller in hand, or the end. */
WALK_INLINE int walk_unwind(struct walk *w, struct walk_cache *cache)
{
	uint64_t pc = w->pc - (w->exact ^ 1u);
	uint32_t common = walk_cache_get(w, cache, pc);

	if (!common) {
		int stop = walk_resolve(w, pc);

		if (stop == STOP_NO_ROW || stop == STOP_NO_TABLE || stop == STOP_NO_MAPPING)
			return walk_guess(w, stop);
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
