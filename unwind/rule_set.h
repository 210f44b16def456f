/* SPDX-License-Identifier: MIT */
/*
 * Rules kept once: equal rules are one number.  Number 0 is the GAP rule from the start.  Not
 * thread-safe.
 */
#ifndef CTRACE_UNWIND_RULE_SET_H
#define CTRACE_UNWIND_RULE_SET_H

#include "bpf/abi.h"

#include <stdint.h>

struct rule_set {
	struct unwind_rule *rules;
	uint32_t nr;
	uint32_t cap;
	uint32_t *slots; /* number + 1, 0 = free; a power of two of them, at most half full */
	uint32_t slot_bits;
	uint64_t seed;
};

void rule_set_init(struct rule_set *set);
void rule_set_release(struct rule_set *set);

/* The number of @rule, a new one if need be.  -E2BIG: @limit numbers are given away. */
int rule_set_add(struct rule_set *set, const struct unwind_rule *rule, uint32_t limit,
		 uint32_t *ret_number);

#endif
