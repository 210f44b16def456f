/* SPDX-License-Identifier: MIT */
/*
 * The order in which a capture is written: by content, so that it does not matter who was added
 * first, and with what nothing tells apart counted as one.
 */
#ifndef CTRACE_FLAMEGRAPH_CAPTURE_ORDER_H
#define CTRACE_FLAMEGRAPH_CAPTURE_ORDER_H

#include <stddef.h>
#include <stdint.h>

struct capture;

/* Rows of one array: which to write in what order, and where each row of the array went. */
struct row_order {
	uint32_t *rows; /* in order, one for each kind of equals */
	uint32_t *rank; /* of every row */
	size_t nr;
};

struct capture_order {
	struct row_order objects, processes, locations, stacks;
	uint32_t *paths;    /* of all stacks: ranks of locations, root first */
	size_t *path_start; /* of each stack, by row */
};

void capture_order_init(struct capture_order *order, const struct capture *capture);
void capture_order_release(struct capture_order *order);

#endif
