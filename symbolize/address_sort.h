/* SPDX-License-Identifier: MIT */
/* Sorting by address in time linear to the number of items: symbol tables have 100,000 and more. */
#ifndef CTRACE_SYMBOLIZE_ADDRESS_SORT_H
#define CTRACE_SYMBOLIZE_ADDRESS_SORT_H

#include <stddef.h>
#include <stdint.h>

struct address_key {
	uint64_t addr;
	uint32_t index; /* of what is sorted; equal addresses keep their order */
};

void address_sort(struct address_key *keys, size_t nr);

#endif
