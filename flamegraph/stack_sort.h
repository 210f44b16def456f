/* SPDX-License-Identifier: MIT */
/* Sorts stacks frame by frame, outermost first: a shorter stack goes before those it begins. */
#ifndef CTRACE_FLAMEGRAPH_STACK_SORT_H
#define CTRACE_FLAMEGRAPH_STACK_SORT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Puts the numbers 0 to @nr - 1 into @ret_order; stack i is @ranks[@start[i]] up to
 * @ranks[@start[i + 1]].  Equal stacks come in any order.  Looks at each rank about once, however
 * long the beginnings that stacks share.
 */
void stack_sort(const uint32_t *ranks, const size_t *start, size_t nr, uint32_t *ret_order);

#endif
