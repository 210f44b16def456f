/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Learns new mappings in the kernel.  The first instruction executed in a fresh mapping faults its
 * page in: at that moment the kernel is asked which file lies there, and if the file's object has
 * a table (libc in the tenth program of a build, say) walks can use it from the first instruction
 * on, before user space has even heard of the mapping.  Where the process's table says that
 * something else lies there (a library unmapped, another one at its address), the table is in doubt
 * until user space has published one of later knowledge: what was learned goes before it.
 *
 * A page may be there before anyone executes in it (a uprobe writes into it), so a walk that meets
 * an unknown pc asks as well; in an interrupt that works once, then the deferred unlock of
 * bpf_find_vma() is busy.
 */
#include "maps.bpf.h"

#include "learn.bpf.h"
#include "pid_numbers.bpf.h"
#include "walk.bpf.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define PF_INSTR 0x10 /* X86_PF_INSTR: the access was an instruction fetch */

/* In a map, since it is larger than the stack of a program. */
static struct recent_mappings nothing_learned;

struct lesson {
	uint64_t pc;
	struct recent_mapping mapping;
	uint32_t found;
};

static __attribute__((always_inline)) inline const struct object_range *find_range(
	const struct object_ranges *ranges, uint64_t off)
{
	for (uint32_t i = 0; i < CTRACE_MAX_OBJECT_RANGES; i++) {
		const struct object_range *r = &ranges->range[i];

		if (i < ranges->nr && off >= r->off_begin && off < r->off_end)
			return r;
	}
	return NULL;
}

/* Called with the vma that covers lesson->pc, under mmap_lock. */
static long take_vma(struct task_struct *task, struct vm_area_struct *vma, struct lesson *lesson)
{
	struct object_key key = {};
	const struct object_ranges *ranges;
	const struct object_range *r;
	struct inode *inode = BPF_CORE_READ(vma, vm_file, f_inode);
	uint64_t start, end, off;

	if (!inode || !(BPF_CORE_READ(vma, vm_flags) & VM_EXEC))
		return 0;
	key.inode = BPF_CORE_READ(inode, i_ino);
	key.dev = BPF_CORE_READ(inode, i_sb, s_dev);
	ranges = bpf_map_lookup_elem(&objects, &key);
	if (!ranges)
		return 0;
	start = BPF_CORE_READ(vma, vm_start);
	end = BPF_CORE_READ(vma, vm_end);
	off = BPF_CORE_READ(vma, vm_pgoff) << 12;
	r = find_range(ranges, lesson->pc - start + off);
	if (!r)
		return 0;
	/* bias = pc - vaddr, and vaddr = pc - start + off + delta. */
	lesson->mapping.bias = start - off - r->delta;
	lesson->mapping.start = r->off_begin > off ? start + (r->off_begin - off) : start;
	lesson->mapping.end = start + (r->off_end - off);
	if (lesson->mapping.end > end)
		lesson->mapping.end = end;
	lesson->mapping.blob = r->blob;
	lesson->mapping.index_base = r->index_base;
	lesson->found = 1;
	return 0;
}

static bool is_known(const struct recent_mappings *m, uint64_t pc)
{
	for (uint32_t i = 0; i < CTRACE_MAX_RECENT; i++)
		if (pc >= m->entry[i].start && pc < m->entry[i].end)
			return true;
	return false;
}

/* The process's list, begun afresh after an exec. */
static struct recent_mappings *recents_of(uint32_t tgid, uint32_t execs)
{
	struct recent_mappings *m = bpf_map_lookup_elem(&recents, &tgid);

	if (m && m->execs == execs)
		return m;
	bpf_map_update_elem(&recents, &tgid, &nothing_learned, BPF_ANY);
	m = bpf_map_lookup_elem(&recents, &tgid);
	if (m)
		m->execs = execs;
	return m;
}

static void add_mapping(struct recent_mappings *m, const struct recent_mapping *mapping)
{
	/* The oldest makes room: user space has published that one long ago. */
	uint32_t i = __sync_fetch_and_add(&m->nr, 1) & (CTRACE_MAX_RECENT - 1);
	struct recent_mapping *r = &m->entry[i];

	__sync_lock_test_and_set(&r->end, 0);
	r->start = mapping->start;
	r->bias = mapping->bias;
	r->blob = mapping->blob;
	r->index_base = mapping->index_base;
	/* Last: until then the entry covers nothing. */
	__sync_lock_test_and_set(&r->end, mapping->end);
}

int learn_mapping(uint32_t tgid, uint64_t pc)
{
	const struct process_entry *p = bpf_map_lookup_elem(&processes, &tgid);
	struct recent_mappings *m = p ? recents_of(tgid, p->execs) : NULL;
	struct lesson lesson = {.pc = pc};

	if (!m || is_known(m, pc))
		return 0;
	bpf_find_vma(bpf_get_current_task_btf(), pc, take_vma, &lesson, 0);
	if (!lesson.found)
		return 0;
	add_mapping(m, &lesson.mapping);
	return 1;
}

static bool is_same(const struct recent_mapping *a, const struct recent_mapping *b)
{
	return a->bias == b->bias && a->blob == b->blob && a->index_base == b->index_base;
}

/* What lay there before is gone.  Was there anything? */
static bool forget_others(struct recent_mappings *m, const struct recent_mapping *mapping)
{
	bool found = false;

	for (uint32_t i = 0; i < CTRACE_MAX_RECENT; i++) {
		struct recent_mapping *r = &m->entry[i];

		if (r->start < mapping->end && mapping->start < r->end && !is_same(r, mapping)) {
			__sync_lock_test_and_set(&r->end, 0);
			found = true;
		}
	}
	return found;
}

/* Does the process's own table cover @pc, and how? */
static bool is_published(uint32_t tgid, const struct process_entry *p, uint64_t pc,
			 struct recent_mapping *ret_mapping)
{
	const struct slot_assignment *a = bpf_map_lookup_elem(&assignments, &tgid);

	return a && a->execs == p->execs && walk_published(a->slot, pc, ret_mapping);
}

SEC("tp_btf/page_fault_user")
int BPF_PROG(page_fault_user, unsigned long address, struct user_regs *regs,
	     unsigned long error_code)
{
	struct recent_mapping published = {};
	struct lesson lesson = {.pc = address};
	struct recent_mappings *m;
	struct process_entry *p;
	bool covered, moved;
	uint32_t tgid;

	if (!(error_code & PF_INSTR))
		return 0;
	tgid = (uint32_t)(current_pid_tgid() >> 32);
	p = bpf_map_lookup_elem(&processes, &tgid);
	m = p ? recents_of(tgid, p->execs) : NULL;
	if (!m)
		return 0;
	bpf_find_vma(bpf_get_current_task_btf(), address, take_vma, &lesson, 0);
	if (!lesson.found)
		return 0;
	moved = forget_others(m, &lesson.mapping);
	covered = is_published(tgid, p, address, &published);
	if (covered && !moved && is_same(&published, &lesson.mapping))
		return 0;
	if (!is_known(m, address))
		add_mapping(m, &lesson.mapping);
	if (covered || moved)
		p->doubt_ns = bpf_ktime_get_ns();
	return 0;
}
