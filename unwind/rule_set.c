/* SPDX-License-Identifier: MIT */
#include "unwind/rule_set.h"

#include "common/alloc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SLOT_BITS 8

/* Multiply-shift by an odd number no file can know (its author could make every rule collide). */
static uint32_t hash_rule(const struct rule_set *set, const struct unwind_rule *rule)
{
	uint64_t word[2];

	memcpy(word, rule, sizeof(word));
	return (uint32_t)((word[0] * set->seed + (word[1] ^ word[1] >> 32) * ~(set->seed << 1)) >>
			  (64 - set->slot_bits));
}

static void put_slot(struct rule_set *set, uint32_t number)
{
	uint32_t mask = ((uint32_t)1 << set->slot_bits) - 1;
	uint32_t i = hash_rule(set, &set->rules[number]);

	while (set->slots[i])
		i = (i + 1) & mask;
	set->slots[i] = number + 1;
}

static void grow_slots(struct rule_set *set, uint32_t bits)
{
	free(set->slots);
	set->slot_bits = bits;
	set->slots = xcalloc((size_t)1 << bits, sizeof(*set->slots));
	for (uint32_t i = 0; i < set->nr; i++)
		put_slot(set, i);
}

static uint32_t append(struct rule_set *set, const struct unwind_rule *rule)
{
	uint32_t number = set->nr;

	GROW_ARRAY(set->rules, set->nr, set->cap);
	set->rules[set->nr++] = *rule;
	return number;
}

void rule_set_init(struct rule_set *set)
{
	const struct unwind_rule gap = {.cfa_kind = CFA_NONE, .x = NONE_GAP};

	memset(set, 0, sizeof(*set));
	append(set, &gap);
	set->seed = ((uintptr_t)set->rules ^ (uintptr_t)set) * 0x9e3779b97f4a7c15ull | 1;
	grow_slots(set, FIRST_SLOT_BITS);
}

void rule_set_release(struct rule_set *set)
{
	free(set->rules);
	free(set->slots);
}

int rule_set_add(struct rule_set *set, const struct unwind_rule *rule, uint32_t limit,
		 uint32_t *ret_number)
{
	uint32_t mask = ((uint32_t)1 << set->slot_bits) - 1;
	uint32_t i = hash_rule(set, rule);

	for (; set->slots[i]; i = (i + 1) & mask) {
		uint32_t number = set->slots[i] - 1;

		if (memcmp(&set->rules[number], rule, sizeof(*rule)) == 0) {
			*ret_number = number;
			return 0;
		}
	}
	if (set->nr >= limit)
		return -E2BIG;
	*ret_number = append(set, rule);
	set->slots[i] = set->nr;
	if ((uint64_t)set->nr * 2 > mask)
		grow_slots(set, set->slot_bits + 1);
	return 0;
}
