/* SPDX-License-Identifier: MIT */
#include "flamegraph/stack_fractions.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "flamegraph/folded_line.h"

#include <stdlib.h>
#include <string.h>

struct rest {
	uint32_t stack, billionths;
};

void stack_fractions_release(struct stack_fractions *fractions)
{
	free(fractions->billionths);
}

uint64_t stack_fractions_add(struct stack_fractions *fractions, uint32_t stack, uint32_t billionths)
{
	uint32_t *sum;

	if (!billionths)
		return 0;
	if (stack >= fractions->nr) {
		size_t nr = (size_t)stack * 2 + 1;

		fractions->billionths = xreallocarray(fractions->billionths, nr,
						      sizeof(*fractions->billionths));
		memset(fractions->billionths + fractions->nr, 0,
		       (nr - fractions->nr) * sizeof(*fractions->billionths));
		fractions->nr = nr;
	}
	sum = &fractions->billionths[stack];
	*sum += billionths;
	if (*sum < FOLDED_BILLION)
		return 0;
	*sum -= FOLDED_BILLION;
	return 1;
}

static int compare_rests(const void *a, const void *b)
{
	const struct rest *left = a, *right = b;

	if (left->billionths != right->billionths)
		return left->billionths < right->billionths ? 1 : -1;
	return (left->stack > right->stack) - (left->stack < right->stack);
}

int stack_fractions_share_out(const struct stack_fractions *fractions, struct profile *profile,
			      int (*count)(struct profile *profile, uint32_t stack, uint64_t value),
			      uint64_t *rounded)
{
	_cleanup_free_ struct rest *rests = xcalloc(fractions->nr + 1, sizeof(*rests));
	uint64_t sum = 0, whole;
	size_t nr = 0;

	for (size_t i = 0; i < fractions->nr; i++) {
		if (!fractions->billionths[i])
			continue;
		rests[nr++] = (struct rest){(uint32_t)i, fractions->billionths[i]};
		sum += fractions->billionths[i];
	}
	if (nr)
		qsort(rests, nr, sizeof(*rests), compare_rests);
	whole = (sum + FOLDED_BILLION / 2) / FOLDED_BILLION;
	*rounded += nr;
	for (uint64_t i = 0; i < whole; i++) {
		int ret = count(profile, rests[i].stack, 1);

		if (ret < 0)
			return ret;
	}
	return 0;
}
