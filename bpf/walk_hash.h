/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The hash of a stack while it is walked: a frame at a time, and a frame back when a step has to be
 * taken back.  Not for what else is in the key; that is the sampler's.
 */
#ifndef CTRACE_BPF_WALK_HASH_H
#define CTRACE_BPF_WALK_HASH_H

#include "walk.h"

#define HASH_K1	  0x9e3779b97f4a7c15ull /* 2^64 / golden ratio */
#define HASH_K2	  0xc2b2ae3d27d4eb4full /* a large odd constant with mixed bits */
#define UNHASH_K1 0xf1de83e19937733dull /* their inverses modulo 2^64 */
#define UNHASH_K2 0x0ba79078168d4bafull

WALK_INLINE void walk_hash(struct walk *w, uint64_t value)
{
	uint64_t h0 = (w->record.key.hash[0] ^ value) * HASH_K1;
	uint64_t h1 = (w->record.key.hash[1] + value) * HASH_K2;

	w->record.key.hash[0] = h0 ^ h0 >> 32;
	w->record.key.hash[1] = h1 ^ h1 >> 29;
}

/* Takes back walk_hash() of @value. */
WALK_INLINE void walk_unhash(struct walk *w, uint64_t value)
{
	uint64_t h0 = w->record.key.hash[0], h1 = w->record.key.hash[1];

	h0 = (h0 ^ h0 >> 32) * UNHASH_K1;
	h1 = (h1 ^ h1 >> 29 ^ h1 >> 58) * UNHASH_K2;
	w->record.key.hash[0] = h0 ^ value;
	w->record.key.hash[1] = h1 - value;
}

#endif
