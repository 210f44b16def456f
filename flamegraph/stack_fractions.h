/* SPDX-License-Identifier: MIT */
/*
 * What is left of counts that are no whole numbers, stack by stack: it is added up exactly and
 * given out at the end, one each to those that have most, so that all counts together are right.
 */
#ifndef CTRACE_FLAMEGRAPH_STACK_FRACTIONS_H
#define CTRACE_FLAMEGRAPH_STACK_FRACTIONS_H

#include <stddef.h>
#include <stdint.h>

struct profile;

/* Zero is empty. */
struct stack_fractions {
	uint32_t *billionths; /* by stack, less than a whole one each */
	size_t nr;
};

void stack_fractions_release(struct stack_fractions *fractions);

/* Adds less than one; returns 1 if that makes a whole one, which is not kept, else 0. */
uint64_t stack_fractions_add(struct stack_fractions *fractions, uint32_t stack,
			     uint32_t billionths);

/*
 * Gives what is left to @count, rounded in sum.  Adds the number of stacks that had something left
 * to *rounded.  The first error of @count.
 */
int stack_fractions_share_out(const struct stack_fractions *fractions, struct profile *profile,
			      int (*count)(struct profile *profile, uint32_t stack, uint64_t value),
			      uint64_t *rounded);

#endif
