/* SPDX-License-Identifier: MIT */
/* Searching sorted addresses; in a header, for it is the heart of the loops over DIEs and rows. */
#ifndef CTRACE_SYMBOLIZE_ADDRESS_SEARCH_H
#define CTRACE_SYMBOLIZE_ADDRESS_SEARCH_H

#include <stddef.h>
#include <stdint.h>

/* Index of the first of sorted @addrs that is not below @addr; @nr if all are. */
static inline size_t address_lower_bound(const uint64_t *addrs, size_t nr, uint64_t addr)
{
	size_t low = 0;
	size_t high = nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (addrs[middle] < addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

#endif
