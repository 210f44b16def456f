/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The rules of recent pcs.  Stacks repeat: a hit saves both searches, and a stack walked before is
 * found entry after entry in the order it was walked first, which caches gone cold between two
 * samples (99 Hz) get to see as one stream.  Holds only the rules nearly all rows have; knows
 * nothing of tables.
 */
#ifndef CTRACE_BPF_WALK_CACHE_H
#define CTRACE_BPF_WALK_CACHE_H

#include "walk.h"

/*
 * A common rule is one word: CFA is rsp or rbp plus an offset, rbp unchanged or saved near the
 * CFA, return address at CFA-8.  Offsets are counted in 8 bytes: the CFA's in the upper 16 bits,
 * rbp's in bits 4 to 15.  0 is a rule of another kind.
 */
#define COMMON_RULE	 0x1u
#define COMMON_CFA_RBP	 0x2u
#define COMMON_RBP_SAVED 0x4u
#define COMMON_DERIVED	 0x8u
#define COMMON_RBP_SHIFT 4
#define COMMON_RBP_LIMIT (1 << (15 - COMMON_RBP_SHIFT))
#define COMMON_CFA_SHIFT 16

/* The outermost frame: a CFA at rsp, which no caller can have. */
#define COMMON_STOP COMMON_RULE

/* @rule as a common one, or 0. */
WALK_INLINE uint32_t walk_common_rule(const struct walk_rule *rule)
{
	int32_t cfa = rule->cfa_off >> 3, rbp = rule->rbp_off8;
	uint32_t common = COMMON_RULE;

	if (rule->cfa_kind == CFA_STOP)
		return COMMON_STOP;
	if (rule->cfa_kind == CFA_RBP)
		common |= COMMON_CFA_RBP;
	else if (rule->cfa_kind != CFA_RSP || cfa == 0)
		return 0;
	if (rule->rbp_kind == RBP_CFA)
		common |= COMMON_RBP_SAVED;
	else if (rule->rbp_kind != RBP_SAME)
		return 0;
	if (rule->flags & ~(uint32_t)(RULE_RAMP_DOWN | RULE_DERIVED) || rule->cfa_off & 7)
		return 0;
	if (rule->flags & RULE_DERIVED)
		common |= COMMON_DERIVED;
	if (cfa != (int16_t)cfa || rbp < -COMMON_RBP_LIMIT || rbp >= COMMON_RBP_LIMIT)
		return 0;
	return common | (uint32_t)cfa << COMMON_CFA_SHIFT |
	       ((uint32_t)rbp << COMMON_RBP_SHIFT & 0xffff);
}

/* Bytes from the base register to the CFA. */
WALK_INLINE int64_t common_cfa_off(uint32_t common)
{
	return (int64_t)((int32_t)common >> COMMON_CFA_SHIFT) * 8;
}

/* Bytes from the CFA to where rbp is saved. */
WALK_INLINE int64_t common_rbp_off(uint32_t common)
{
	return (int64_t)((int16_t)common >> COMMON_RBP_SHIFT) * 8;
}

WALK_INLINE uint16_t *walk_cache_index(struct walk_cache *cache, uint64_t pc)
{
	uint32_t i = (uint32_t)pc * 0x9e3779b1u >> (32 - WALK_CACHE_INDEX_BITS);

	return &cache->index[i & (WALK_CACHE_INDEX - 1)];
}

/* The rule of @pc if entry @at has it, or 0. */
WALK_INLINE uint32_t walk_cache_try(struct walk *w, const struct walk_cache *cache, uint32_t at,
				    uint64_t pc)
{
	const struct walk_cache_entry *e;

	at &= WALK_CACHE_ENTRIES - 1;
	opaque(at);
	e = &cache->entry[at & (WALK_CACHE_ENTRIES - 1)];
	if (e->pc != pc || e->generation != w->generation)
		return 0;
	w->cache_at = at + 1;
	return e->common;
}

/* The common rule of @pc, or 0: the entry behind the last one used, else the one indexed. */
WALK_INLINE uint32_t walk_cache_get(struct walk *w, struct walk_cache *cache, uint64_t pc)
{
	uint32_t common = walk_cache_try(w, cache, w->cache_at, pc);

	return common ? common : walk_cache_try(w, cache, *walk_cache_index(cache, pc), pc);
}

WALK_INLINE void walk_cache_put(struct walk *w, struct walk_cache *cache, uint64_t pc,
				uint32_t common)
{
	uint32_t at = cache->next++ & (WALK_CACHE_ENTRIES - 1);
	struct walk_cache_entry *e;

	opaque(at);
	e = &cache->entry[at & (WALK_CACHE_ENTRIES - 1)];
	e->pc = pc;
	e->generation = w->generation;
	e->common = common;
	*walk_cache_index(cache, pc) = (uint16_t)at;
	w->cache_at = at + 1;
}

#endif
