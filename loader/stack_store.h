/* SPDX-License-Identifier: MIT */
/*
 * The stacks the BPF side has published and how often each was hit: reads the ring buffer and the
 * count maps, keeps what they held.  Raw addresses; names and objects are others' business.
 */
#ifndef CTRACE_LOADER_STACK_STORE_H
#define CTRACE_LOADER_STACK_STORE_H

#include "bpf/abi.h"
#include "common/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stack_store;

struct counted_stack {
	const struct stack_record *record; /* its frames behind it */
	const uint64_t *frames;
	uint64_t count;
	uint32_t slice; /* of time since stack_store_begin() */
};

struct stack_store_options {
	int ring_fd, counts_fd; /* borrowed */
	/* Count apart what happened in each such length of time; 0: don't.  Precise to half of it.
	 */
	uint64_t slice_ns;
	/* Told of processes whose mappings need a look. */
	void (*on_unknown)(uint32_t tgid, void *arg);
	/* Told of processes that have lost their perf events, and when. */
	void (*on_dropped)(uint32_t tgid, uint64_t time_ns, void *arg);
	void *arg;
};

/* Starts to put the first count map in its place, which takes an RCU grace period. */
int stack_store_new(const struct stack_store_options *options, struct stack_store **ret_store);
/* Waits until hits can be counted.  @in_use: program_state.count_map.  Errors of bpf(). */
int stack_store_wait_ready(struct stack_store *store, volatile uint32_t *in_use);
void stack_store_free(struct stack_store *store);
DEFINE_CLEANUP(struct stack_store *, stack_store_free);

/* Readable when the ring has something; owned by the store. */
int stack_store_epoll_fd(const struct stack_store *store);

/* The first slice of time begins. */
void stack_store_begin(struct stack_store *store);

/* Takes what the ring holds; turns to the other count map when one fills.  Errors of bpf(). */
int stack_store_drain(struct stack_store *store);

/* After the probes are off: the rest of the ring and of the counts. */
int stack_store_finish(struct stack_store *store);

/* Distinct stacks so far. */
size_t stack_store_count(const struct stack_store *store);
/* Hits whose stack was never published: 0, or the ledger would not add up. */
uint64_t stack_store_orphans(const struct stack_store *store);

/*
 * Calls @fn for every stack, in the order they were first seen, once for each slice it was hit in;
 * a negative return ends it.
 */
int stack_store_each(const struct stack_store *store,
		     int (*fn)(const struct counted_stack *stack, void *arg), void *arg);

#endif
