/* SPDX-License-Identifier: MIT */
/*
 * Overlapping address ranges with ranks, turned into sorted disjoint segments: at every address the
 * range of the highest rank wins.  Used by everything that has to answer "whose address is this".
 */
#ifndef CTRACE_SYMBOLIZE_SEGMENTS_H
#define CTRACE_SYMBOLIZE_SEGMENTS_H

#include <stddef.h>
#include <stdint.h>

/* A range [start, end); empty ones are ignored. */
struct address_range {
	uint64_t start;
	uint64_t end;
	uint32_t rank;	/* the highest one wins; unique */
	uint32_t value; /* what a segment answers */
};

struct segment {
	uint64_t start;
	uint64_t end;
	uint32_t value;
};

struct segments {
	struct segment *items; /* to be freed by the owner */
	size_t nr;
};

/* Sorts @ranges in place by start. */
void segments_build(struct address_range *ranges, size_t nr, struct segments *ret_segments);
/* The segment that holds @addr, or NULL. */
const struct segment *segments_find(const struct segments *segments, uint64_t addr);

#endif
