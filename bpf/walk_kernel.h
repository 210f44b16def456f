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

KERNEL_INLINE struct walk_cache *walk_cache(void)
{
	uint32_t zero = 0;

	return bpf_map_lookup_elem(&cache, &zero);
}

/* The range of @file's object that covers file offset @off. */
KERNEL_INLINE const struct object_range *find_range(const struct object_ranges *ranges,
						    uint64_t off)
{
	for (uint32_t i = 0; i < CTRACE_MAX_OBJECT_RANGES; i++) {
		const struct object_range *r = &ranges->range[i];

		if (i < ranges->nr && off >= r->off_begin && off < r->off_end)
			return r;
	}
	return NULL;
}

struct ask {
	struct walk *walk;
	uint64_t pc;
	int found;
};

/* Called with the vma that covers ask->pc, under mmap_lock. */
static long take_vma(struct task_struct *task, struct vm_area_struct *vma, void *arg)
{
	struct ask *ask = arg;
	struct walk *w = ask->walk;
	struct object_key key = {};
	const struct object_ranges *ranges;
	const struct object_range *r;
	struct inode *inode;
	uint64_t start, end, off;

	if (!w || !(BPF_CORE_READ(vma, vm_flags) & VM_EXEC))
		return 0;
	inode = BPF_CORE_READ(vma, vm_file, f_inode);
	if (!inode)
		return 0;
	key.inode = BPF_CORE_READ(inode, i_ino);
	key.dev = BPF_CORE_READ(inode, i_sb, s_dev);
	ranges = bpf_map_lookup_elem(&objects, &key);
	if (!ranges)
		return 0;
	start = BPF_CORE_READ(vma, vm_start);
	end = BPF_CORE_READ(vma, vm_end);
	off = BPF_CORE_READ(vma, vm_pgoff) << 12;
	r = find_range(ranges, ask->pc - start + off);
	if (!r)
		return 0;
	/* bias = pc - vaddr, and vaddr = pc - start + off + delta */
	w->mapping_bias = start - off - r->delta;
	w->mapping_start = r->off_begin > off ? start + (r->off_begin - off) : start;
	w->mapping_end = start + (r->off_end - off);
	if (w->mapping_end > end)
		w->mapping_end = end;
	w->mapping_blob = r->blob;
	w->mapping_index = r->index_base;
	w->mapping_asked = 1;
	ask->found = 1;
	return 0;
}

KERNEL_INLINE int walk_ask_mapping(struct walk *w, uint64_t pc)
{
	struct ask ask = {.walk = w, .pc = pc};

	bpf_find_vma(bpf_get_current_task_btf(), pc, take_vma, &ask, 0);
	return ask.found ? 0 : -1;
}

/* kernel/events/uprobes.c keeps what it replaced in a list, innermost first, with its place. */
KERNEL_INLINE int walk_uprobe_return(uint64_t where, uint64_t *ret_addr)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct return_instance *ri = BPF_CORE_READ(task, utask, return_instances);

	for (int i = 0; i < MAX_RETURN_INSTANCES && ri; i++) {
		if (BPF_CORE_READ(ri, stack) == where) {
			*ret_addr = BPF_CORE_READ(ri, orig_ret_vaddr);
			return 0;
		}
		ri = BPF_CORE_READ(ri, next);
	}
	return -1;
}

#endif
