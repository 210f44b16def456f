/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * One step of the walk: record the frame in hand, find its caller.  Compiled for the kernel (each
 * WALK_FUNCTION is a global function, verified once) and for the host (tests, fuzzers, gdb).
 * Memory, tables and caches come from the platform walk.h declares; nothing here knows BPF maps.
 *
 * Verifier notes (kernel 6.1 to 6.18, clang 14 and 19): the two searches stay functions of their
 * own, inlined they cost 439 k verified instructions; a masked index goes through opaque() before
 * its second use, or clang reuses the unmasked register and the access is refused as unbounded;
 * forget() makes the verifier see one state a round instead of two to the power of rounds, which
 * takes the searches from 9,900 verified instructions to a few hundred.
 */
#ifndef CTRACE_BPF_WALK_STEP_H
#define CTRACE_BPF_WALK_STEP_H

#include "walk.h"

/* The platform: whoever includes this file supplies these (walk_kernel.h, tests/unit/bpf/). */

/* Reads @size bytes of the walked task's memory; 0 or negative. */
static int walk_read(void *to, uint32_t size, uint64_t addr);
static const struct mapping_table *walk_mapping_table(uint32_t slot);
static const struct unwind_blob *walk_blob(uint32_t blob);
static const struct unwind_rules *walk_rules(void);
static struct walk_cache *walk_cache(void);
/*
 * For a pc our table does not cover: puts a mapping in hand that was learned since.  0, or
 * negative when there is none.
 */
static int walk_ask_mapping(struct walk *w, uint64_t pc);
/* The return address a return probe has replaced by its trampoline on the stack at @where. */
static int walk_uprobe_return(uint64_t where, uint64_t *ret_addr);

#ifdef __bpf__
#define WALK_FUNCTION __attribute__((noinline))
#define WALK_INLINE   static __attribute__((always_inline)) inline
#define opaque(value) asm volatile("" : "+r"(value))
/* Leaves @value as it is and the verifier without a range for it; @any is some unknown number. */
#define forget(value, any) asm volatile("%0 ^= %1; %0 ^= %1" : "+r"(value) : "r"(any))
#else
#define WALK_FUNCTION	   static __attribute__((unused))
#define WALK_INLINE	   static __attribute__((unused)) inline
#define opaque(value)	   ((void)(value))
#define forget(value, any) ((void)(value))
#endif

/* Binary searches: enough halvings for the largest range, plus one for the empty remainder. */
#define MAPPING_SEARCH_STEPS 11
#define ROW_SEARCH_STEPS     11
_Static_assert(1 << (MAPPING_SEARCH_STEPS - 1) >= CTRACE_MAX_MAPPINGS, "search covers the table");
_Static_assert(1 << (ROW_SEARCH_STEPS - 1) >= CTRACE_MAX_BLOCK_ROWS, "search covers a block");

/* A frame pointer further up than this is no frame pointer (the study's guard). */
#define GUESS_MAX_FRAME (1u << 20)

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

/* Index of the last mapping that starts at or before @pc, or -1. */
WALK_FUNCTION int walk_find_mapping(uint32_t slot, uint64_t pc)
{
	const struct mapping_table *table = walk_mapping_table(slot);
	uint32_t low = 0, high;

	if (!table)
		return -1;
	high = table->nr;
	for (int i = 0; i < MAPPING_SEARCH_STEPS; i++) {
		uint32_t middle = (low + high) >> 1;

		if (low >= high)
			break;
		if (table->start[middle & (CTRACE_MAX_MAPPINGS - 1)] <= pc)
			low = middle + 1;
		else
			high = middle;
		forget(low, pc);
		forget(high, pc);
	}
	return (int)low - 1;
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
		if (b->word[middle & (CTRACE_BLOB_WORDS - 1)] <= key)
			low = middle + 1;
		else
			high = middle;
		forget(low, key);
		forget(high, key);
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

/* Makes the mapping that covers @pc the one in hand, from our table.  0, or -1 if none does. */
WALK_INLINE int walk_look_up_mapping(struct walk *w, uint64_t pc)
{
	const struct mapping_table *table = walk_mapping_table(w->slot);
	int found;
	uint32_t i;

	if (!table)
		return -1;
	found = walk_find_mapping(w->slot, pc);
	if (found < 0)
		return -1;
	i = (uint32_t)found & (CTRACE_MAX_MAPPINGS - 1);
	opaque(i);
	i &= CTRACE_MAX_MAPPINGS - 1;
	if (pc >= table->entry[i].end)
		return -1;
	w->mapping_start = table->start[i];
	w->mapping_end = table->entry[i].end;
	w->mapping_bias = table->entry[i].bias;
	w->mapping_blob = table->entry[i].blob;
	w->mapping_index = table->entry[i].index_base;
	w->mapping_asked = 0;
	return 0;
}

/* The same from our table or, failing that, from what was learned since. */
WALK_FUNCTION int walk_enter_mapping(struct walk *w, uint64_t pc)
{
	if (!w)
		return -1;
	if (pc - w->mapping_start < w->mapping_end - w->mapping_start)
		return 0;
	if (walk_look_up_mapping(w, pc) == 0)
		return 0;
	return walk_ask_mapping(w, pc);
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

	cache = walk_cache();
	if (cache && !w->mapping_asked && w->rule.cfa_kind <= CFA_RBP &&
	    w->rule.rbp_kind <= RBP_CFA) {
		uint32_t i = (uint32_t)pc * 0x9e3779b1u >> (32 - WALK_CACHE_BITS);
		struct walk_cache_entry *e = &cache->entry[i & ((1 << WALK_CACHE_BITS) - 1)];

		/* Salt last and first: an interrupt in between sees an entry of nobody. */
		e->salt = 0;
		e->pc = pc;
		e->rule = w->rule;
		e->salt = w->generation;
	}
	return STOP_CONTINUE;
}

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
 * No CFI for the code in hand, because of @why: a leaf that has pushed nothing (frame 0 only), or
 * a frame pointer.  CONTINUE with the caller, or @why.
 */
WALK_FUNCTION int walk_guess(struct walk *w, int why)
{
	uint64_t bp, word = 0, saved = 0;

	if (!w)
		return STOP_INTERNAL;
	bp = w->regs[DW_RBP];
	if (w->exact && w->mapping_blob != MAPPING_JIT && walk_read_word(w, w->sp, &word) == 0 &&
	    walk_follows_call(w, word)) {
		w->sp += 8;
		w->pc = word;
	} else {
		if (bp < w->sp || bp - w->sp > GUESS_MAX_FRAME || bp & 7)
			return why;
		if (walk_read_word(w, bp, &saved) < 0 || walk_read_word(w, bp + 8, &word) < 0)
			return why;
		if (word != 0 && !walk_follows_call(w, word))
			return why;
		if (word == 0 && saved != 0)
			return why;
		w->sp = bp + 16;
		w->pc = word;
		w->regs[DW_RBP] = saved;
	}
	w->exact = 0;
	w->regs_live = 0;
	w->rbx_known = 0;
	w->guessed = 1;
	w->nr_guessed++;
	return w->pc ? STOP_CONTINUE : STOP_END_OF_STACK;
}

/* Records the frame in hand; STOP_MAX_FRAMES when there is no room for it. */
WALK_INLINE int walk_push(struct walk *w)
{
	uint32_t n = w->record.nr_user;
	uint64_t frame = w->pc & FRAME_PC_MASK;

	if (n >= w->max_frames || n >= CTRACE_MAX_FRAMES)
		return STOP_MAX_FRAMES;
	if (w->exact)
		frame |= FRAME_EXACT;
	if (w->guessed)
		frame |= FRAME_GUESSED;
	w->frame[(n + w->record.nr_kernel) & (WALK_FRAME_SLOTS - 1)] = frame;
	w->record.nr_user = (uint16_t)(n + 1);
	walk_hash(w, frame);
	return STOP_CONTINUE;
}

/* The rule of the pc in hand, from the cache or the tables. */
WALK_INLINE int walk_rule_in_hand(struct walk *w)
{
	uint64_t pc = w->pc - !w->exact;
	struct walk_cache *cache = walk_cache();
	uint32_t i = (uint32_t)pc * 0x9e3779b1u >> (32 - WALK_CACHE_BITS);

	if (cache) {
		const struct walk_cache_entry *e = &cache->entry[i & ((1 << WALK_CACHE_BITS) - 1)];

		if (e->pc == pc && e->salt == w->generation && e->salt) {
			w->rule = e->rule;
			return STOP_CONTINUE;
		}
	}
	return walk_resolve(w, pc);
}

/* Finds the caller of the frame in hand.  STOP_CONTINUE with the caller in hand, or the end. */
WALK_INLINE int walk_unwind(struct walk *w)
{
	uint64_t cfa, ra = 0;
	int stop = walk_rule_in_hand(w);

	if (stop != STOP_CONTINUE) {
		if (stop == STOP_NO_ROW || stop == STOP_NO_TABLE || stop == STOP_NO_MAPPING)
			return walk_guess(w, stop);
		return stop;
	}
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
	if (w->uprobes_start && ra - w->uprobes_start < 4096 &&
	    walk_uprobe_return(cfa - 8, &ra) < 0)
		return STOP_UPROBE_RETURN;
	w->pc = ra;
	w->sp = cfa;
	w->exact = 0;
	w->guessed = 0;
	w->regs_live = 0;
	return ra ? STOP_CONTINUE : STOP_END_OF_STACK;
}

/* Records the frame in hand and goes on to its caller. */
WALK_FUNCTION int walk_step(struct walk *w)
{
	int stop;

	if (!w)
		return STOP_INTERNAL;
	stop = walk_push(w);
	if (stop != STOP_CONTINUE)
		return stop;
	return walk_unwind(w);
}

/* As many steps as WALK_RUN allows: two short loops verify faster than a long one. */
#define WALK_RUN  24
#define WALK_RUNS 22
_Static_assert(WALK_RUN *WALK_RUNS > CTRACE_MAX_FRAMES, "a walk reaches its frame limit");

WALK_FUNCTION int walk_run(struct walk *w)
{
	int stop = STOP_CONTINUE;

	for (int i = 0; i < WALK_RUN; i++) {
		stop = walk_step(w);
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
	w->max_frames = max_frames;
	w->exact = 1;
	w->guessed = 0;
	w->regs_live = 1;
	w->rbx_known = 1;
	w->record.nr_user = 0;
}

#endif
