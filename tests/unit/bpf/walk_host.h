/* SPDX-License-Identifier: MIT */
/*
 * The walk's platform on the host: the very step the kernel runs, fed with tables and memory the
 * includer supplies.  One walk at a time; for tests, fuzzers and the stack oracle.
 */
#ifndef CTRACE_TESTS_WALK_HOST_H
#define CTRACE_TESTS_WALK_HOST_H

#include "bpf/walk.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Where the platform's functions look; the includer fills it in. */
struct walk_host {
	int (*read)(void *arg, void *to, uint32_t size, uint64_t addr);
	int (*uprobe_return)(void *arg, uint64_t where, uint64_t *ret_addr);
	int (*ask_mapping)(void *arg, struct walk *w, uint64_t pc); /* NULL: nobody to ask */
	void *arg;
	const struct mapping_table *table;
	const struct mapping_table *const *pages; /* slots 1, 2, ... if that is a directory */
	uint32_t nr_pages;
	const struct unwind_blob *const *blobs;
	uint32_t nr_blobs;
	const struct unwind_rules *rules;
	struct walk_cache *cache;
};

static struct walk_host *walk_host;

static int walk_read(void *to, uint32_t size, uint64_t addr)
{
	return walk_host->read(walk_host->arg, to, size, addr);
}

static const struct mapping_table *walk_mapping_table(uint32_t slot)
{
	if (slot == 0)
		return walk_host->table;
	return slot <= walk_host->nr_pages ? walk_host->pages[slot - 1] : NULL;
}

static const struct unwind_blob *walk_blob(uint32_t blob)
{
	return blob < walk_host->nr_blobs ? walk_host->blobs[blob] : NULL;
}

static const struct unwind_rules *walk_rules(void)
{
	return walk_host->rules;
}

static struct walk_cache *walk_cache(const struct walk *w)
{
	(void)w;
	return walk_host->cache;
}

static int walk_ask_mapping(struct walk *w, uint64_t pc)
{
	return walk_host->ask_mapping ? walk_host->ask_mapping(walk_host->arg, w, pc) : -1;
}

static int walk_uprobe_return(struct walk *w, uint64_t where, uint64_t *ret_addr)
{
	(void)w;
	return walk_host->uprobe_return ? walk_host->uprobe_return(walk_host->arg, where, ret_addr)
					: -1;
}

#include "bpf/walk_step.h"

/* Walks from the registers already in @w (pc, sp, regs); returns the enum unwind_stop. */
static inline int walk_host_run(struct walk_host *host, struct walk *w, uint32_t max_frames)
{
	int stop = STOP_MAX_FRAMES;

	walk_host = host;
	w->slot = 0;
	w->generation = host->table ? host->table->generation : 0;
	w->jit_keeps_rbp = host->table ? (uint8_t)host->table->jit_keeps_rbp : 0;
	w->record.nr_kernel = 0;
	walk_begin(w, max_frames);
	for (uint32_t i = 0; i < WALK_RUNS; i++) {
		stop = walk_run(w);
		if (stop != STOP_CONTINUE)
			break;
	}
	walk_host = NULL;
	return stop;
}

#endif
