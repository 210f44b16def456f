/* SPDX-License-Identifier: MIT */
#include "loader/process_mappings.h"

#include "common/alloc.h"
#include "loader/process_set.h"

#include <string.h>

static struct process_mapping *live_at(const struct process *p, size_t i)
{
	return &p->mappings[p->live[i]];
}

/* The first live mapping that ends behind @addr: their number if none does. */
static size_t first_behind(const struct process *p, uint64_t addr)
{
	size_t low = 0, high = p->nr_live;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (live_at(p, middle)->end <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void insert_live(struct process *p, uint32_t index)
{
	size_t at = first_behind(p, p->mappings[index].start);

	GROW_ARRAY(p->live, p->nr_live, p->cap_live);
	memmove(p->live + at + 1, p->live + at, (p->nr_live - at) * sizeof(*p->live));
	p->live[at] = index;
	p->nr_live++;
}

struct process_mapping *process_mappings_add(struct process *p, const struct process_mapping *m)
{
	GROW_ARRAY(p->mappings, p->nr_mappings, p->cap_mappings);
	p->mappings[p->nr_mappings] = *m;
	if (!m->gen_end && m->execs == p->execs)
		insert_live(p, (uint32_t)p->nr_mappings);
	return &p->mappings[p->nr_mappings++];
}

struct process_mapping *process_mappings_find(const struct process *p, uint64_t start, uint64_t end)
{
	size_t i = first_behind(p, start);

	return i < p->nr_live && live_at(p, i)->start < end ? live_at(p, i) : NULL;
}

/* What of @m lies below @start and from @end on. */
static void add_rests(struct process *p, const struct process_mapping *m, uint64_t start,
		      uint64_t end)
{
	struct process_mapping rest = *m;

	if (m->start < start) {
		rest.end = start;
		process_mappings_add(p, &rest);
	}
	if (m->end > end) {
		rest = *m;
		rest.off = m->off + (end - m->start);
		rest.start = end;
		process_mappings_add(p, &rest);
	}
}

void process_mappings_punch(struct process *p, uint64_t start, uint64_t end, uint32_t generation,
			    uint64_t now_ns)
{
	size_t first = first_behind(p, start), last = first;
	struct process_mapping low, high;

	while (last < p->nr_live && live_at(p, last)->start < end)
		live_at(p, last++)->gen_end = generation;
	if (first == last)
		return;
	low = *live_at(p, first);
	high = *live_at(p, last - 1);
	memmove(p->live + first, p->live + last, (p->nr_live - last) * sizeof(*p->live));
	p->nr_live -= last - first;
	p->dirty = true;
	low.gen_begin = high.gen_begin = generation;
	low.gen_end = high.gen_end = 0;
	low.begin_ns = high.begin_ns = now_ns;
	if (last - first == 1) {
		add_rests(p, &low, start, end);
	} else {
		add_rests(p, &low, start, UINT64_MAX);
		add_rests(p, &high, 0, end);
	}
}

void process_mappings_forget(struct process *p)
{
	p->nr_live = 0;
}

const struct process_mapping *process_mappings_live(const struct process *p, size_t i)
{
	return i < p->nr_live ? live_at(p, i) : NULL;
}
