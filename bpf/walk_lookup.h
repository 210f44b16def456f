/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What a step reads: the stack through a window, and the rule of a pc, by mapping, block and row.
 * Finds; what follows from it is walk_step.h's.  See there for what the verifier wants.
 */
#ifndef CTRACE_BPF_WALK_LOOKUP_H
#define CTRACE_BPF_WALK_LOOKUP_H

#include "walk_cache.h"
#include "walk_mapping.h"
#include "walk_platform.h"

/* A binary search: enough halvings for the largest range, plus one for the empty remainder. */
#define ROW_SEARCH_STEPS 11
_Static_assert(1 << (ROW_SEARCH_STEPS - 1) >= CTRACE_MAX_BLOCK_ROWS, "search covers a block");

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

#define BREAKPOINT_OPCODE 0xcc

/* A probe on the call itself, where that is a function's first instruction, hides its first byte.
 */
WALK_INLINE int walk_is_opcode(uint8_t byte, uint8_t opcode)
{
	return byte == opcode || byte == BREAKPOINT_OPCODE;
}

/* Is @addr right behind a call instruction?  @unread: what to say where nobody can tell. */
WALK_FUNCTION int walk_is_behind_call(uint64_t addr, int unread)
{
	uint8_t code[8] = {};

	if (addr < 8 || walk_read(code, 8, addr - 8) < 0)
		return unread;
	/* e8 rel32; ff /2 with 0, 1, 4 bytes of displacement and a possible SIB byte. */
	if (walk_is_opcode(code[3], 0xe8))
		return 1;
	if (walk_is_opcode(code[6], 0xff) && (code[7] & 0x38) == 0x10)
		return 1;
	if (walk_is_opcode(code[5], 0xff) && (code[6] & 0x38) == 0x10)
		return 1;
	if (walk_is_opcode(code[4], 0xff) && (code[5] & 0x38) == 0x10)
		return 1;
	if (walk_is_opcode(code[2], 0xff) && (code[3] & 0x38) == 0x10)
		return 1;
	return walk_is_opcode(code[1], 0xff) && (code[2] & 0x38) == 0x10;
}

/*
 * Is @addr, seen as a return address, in code we know, right behind a call instruction?  @unread is
 * the answer where the code cannot be read: a forked child has no page of a file that it has not
 * touched itself.
 */
WALK_FUNCTION int walk_follows_call(struct walk *w, uint64_t addr, int unread)
{
	if (!w || walk_enter_mapping(w, addr) < 0)
		return 0;
	return w->mapping_blob == MAPPING_JIT || walk_is_behind_call(addr, unread);
}

/*
 * May the frame in hand be none?  It was found by a derived rule; or by that of the first frame:
 * hand-written code may be inside a subroutine there that its CFI does not know of.
 */
WALK_INLINE int walk_is_doubtful(const struct walk *w)
{
	return w->guessed || (w->record.nr_user == 2 && !w->returned);
}

/* Is @pc, governed by @row's @rule, where no call can have led to? */
WALK_INLINE int walk_lacks_call(const struct walk *w, const struct unwind_rule *rule, uint32_t row,
				uint64_t pc, uint64_t vaddr)
{
	if (w->exact || !walk_is_doubtful(w))
		return 0;
	/* Trampolines are returned to that called nobody: their rows begin a byte early. */
	if ((rule->cfa_kind == CFA_SIGNAL || rule->cfa_kind == CFA_STOP) &&
	    CTRACE_ROW_PC16(row) == (uint16_t)vaddr)
		return 0;
	return !walk_is_behind_call(pc + 1, 1);
}

/*
 * Puts the rule of @pc in hand.  STOP_CONTINUE, or the reason why
 * there is none: NO_MAPPING, NO_TABLE, NO_ROW, BAD_RULE, NO_CALL.
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
	w->is_framed = 0;
	if (walk_enter_mapping(w, pc) < 0)
		return STOP_NO_MAPPING;
	blob = w->mapping_blob;
	if (MAPPING_SPECIAL(blob))
		return STOP_NO_TABLE;
	vaddr = pc - w->mapping_bias;
	row = walk_find_row(blob, w->mapping_index + (uint32_t)(vaddr >> CTRACE_BLOCK_SHIFT),
			    (uint16_t)vaddr);
	rule = &rules->rule[CTRACE_ROW_RULE(row)];
	if (walk_lacks_call(w, rule, row, pc, vaddr))
		return STOP_NO_CALL;
	if (rule->cfa_kind == CFA_NONE) {
		w->is_framed = rule->x == NONE_FRAMED;
		return rule->x < NONE_INEXPRESSIBLE ? STOP_NO_ROW : STOP_BAD_RULE;
	}
	walk_apply_ramp(rule, (uint16_t)((uint32_t)vaddr - CTRACE_ROW_PC16(row)), &w->rule);
	w->common = walk_common_rule(&w->rule);
	if (w->common && !w->mapping_asked)
		walk_cache_put(w, cache, pc, w->common);
	return STOP_CONTINUE;
}

#endif
