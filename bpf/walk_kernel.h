/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The walk's platform inside the kernel: tables are map values, memory is the current task's. */
#ifndef CTRACE_BPF_WALK_KERNEL_H
#define CTRACE_BPF_WALK_KERNEL_H

#include "maps.bpf.h"

#include <bpf/bpf_core_read.h>

/* Return probes nested deeper than this on one thread are not searched. */
#define MAX_RETURN_INSTANCES 64

#define KERNEL_INLINE static __attribute__((always_inline)) inline

KERNEL_INLINE int walk_read(void *to, uint32_t size, uint64_t addr)
{
	return (int)bpf_probe_read_user(to, size, (const void *)addr);
}

KERNEL_INLINE const struct mapping_table *walk_mapping_table(uint32_t slot)
{
	uint32_t zero = 0;
	void *inner = bpf_map_lookup_elem(&slots, &slot);

	return inner ? bpf_map_lookup_elem(inner, &zero) : NULL;
}

KERNEL_INLINE const struct unwind_blob *walk_blob(uint32_t blob)
{
	uint32_t zero = 0;
	void *inner = bpf_map_lookup_elem(&blobs, &blob);

	return inner ? bpf_map_lookup_elem(inner, &zero) : NULL;
}

KERNEL_INLINE const struct unwind_rules *walk_rules(void)
{
	uint32_t zero = 0;

	return bpf_map_lookup_elem(&rules, &zero);
}

KERNEL_INLINE struct walk_cache *walk_cache(const struct walk *w)
{
	uint32_t slot = w->scratch;

	return bpf_map_lookup_elem(&caches, &slot);
}

/* What learn.bpf.c has seen faulting in. */
KERNEL_INLINE int walk_ask_mapping(struct walk *w, uint64_t pc)
{
	uint32_t tgid = w->record.tgid;
	const struct recent_mappings *m = bpf_map_lookup_elem(&recents, &tgid);

	if (!m || m->execs != w->record.execs)
		return -1;
	for (uint32_t i = 0; i < CTRACE_MAX_RECENT; i++) {
		const struct recent_mapping *r = &m->entry[i];

		if (pc >= r->end || pc < r->start)
			continue;
		w->mapping_start = r->start;
		w->mapping_end = r->end;
		w->mapping_bias = r->bias;
		w->mapping_blob = r->blob;
		w->mapping_index = r->index_base;
		w->mapping_asked = 1;
		return 0;
	}
	return -1;
}

/*
 * kernel/events/uprobes.c keeps what it replaced in a list, innermost first, with its place.  The
 * walk meets them in that order; several may have one place, each has the address then.
 */
KERNEL_INLINE int walk_uprobe_return(struct walk *w, uint64_t where, uint64_t *ret_addr)
{
	struct return_instance *ri = (struct return_instance *)w->return_instance;

	for (int i = 0; i < MAX_RETURN_INSTANCES && ri; i++) {
		if (BPF_CORE_READ(ri, stack) == where) {
			*ret_addr = BPF_CORE_READ(ri, orig_ret_vaddr);
			w->return_instance = (uint64_t)ri;
			return 0;
		}
		ri = BPF_CORE_READ(ri, next);
	}
	return -1;
}

#endif
