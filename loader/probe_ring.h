/* SPDX-License-Identifier: MIT */
/*
 * The kernel tells that it throttled an event only through the event's ring: a small one, of which
 * nothing but such records is expected, as BPF programs keep samples out of it.
 */
#ifndef CTRACE_LOADER_PROBE_RING_H
#define CTRACE_LOADER_PROBE_RING_H

#include <stdint.h>

struct probe_ring;

/* NULL if the kernel gives no memory for it: then nothing is known of throttling. */
struct probe_ring *probe_ring_map(int perf_fd);
void probe_ring_unmap(struct probe_ring *ring);
/* Throttlings and lost records so far; a ring that filled up before it was asked says fewer. */
uint64_t probe_ring_losses(struct probe_ring *ring);

#endif
