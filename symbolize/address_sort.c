/* SPDX-License-Identifier: MIT */
#include "symbolize/address_sort.h"

#include "common/alloc.h"
#include "common/cleanup.h"

#include <stdbool.h>
#include <string.h>

/* 2,048 counters fit the first cache; an object's addresses differ in 20 to 30 bits. */
#define DIGIT_BITS 11
#define NR_DIGITS  ((size_t)1 << DIGIT_BITS)

static size_t digit(uint64_t addr, unsigned int shift)
{
	return (addr >> shift) & (NR_DIGITS - 1);
}

/* Stable distribution by one digit. */
static void distribute(const struct address_key *from, struct address_key *to, size_t nr,
		       unsigned int shift)
{
	_cleanup_free_ size_t *next = xcalloc(NR_DIGITS, sizeof(*next));
	size_t sum = 0;

	for (size_t i = 0; i < nr; i++)
		next[digit(from[i].addr, shift)]++;
	for (size_t d = 0; d < NR_DIGITS; d++) {
		size_t count = next[d];

		next[d] = sum;
		sum += count;
	}
	for (size_t i = 0; i < nr; i++)
		to[next[digit(from[i].addr, shift)]++] = from[i];
}

void address_sort(struct address_key *keys, size_t nr)
{
	_cleanup_free_ struct address_key *spare = NULL;
	struct address_key *from = keys, *to;
	uint64_t differing = 0;
	bool is_sorted = true;

	for (size_t i = 1; i < nr; i++) {
		differing |= keys[i].addr ^ keys[0].addr;
		is_sorted &= keys[i - 1].addr <= keys[i].addr;
	}
	if (is_sorted)
		return;
	spare = xcalloc(nr, sizeof(*spare));
	to = spare;
	for (unsigned int shift = 0; shift < 64; shift += DIGIT_BITS) {
		struct address_key *swap = from;

		if (digit(differing, shift) == 0)
			continue;
		distribute(from, to, nr, shift);
		from = to;
		to = swap;
	}
	if (from != keys)
		memcpy(keys, from, nr * sizeof(*keys));
}
