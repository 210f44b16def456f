/* SPDX-License-Identifier: MIT */
#include "loader/process_publish.h"

#include "common/alloc.h"
#include "common/log.h"
#include "loader/code_images.h"
#include "loader/object_set.h"
#include "loader/process_jit.h"
#include "loader/process_mappings.h"
#include "loader/process_runtime.h"
#include "loader/process_set.h"
#include "loader/slot_store.h"
#include "loader/table_pages.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

struct process_publisher {
	struct slot_store *slots;
	int assignments_fd;
	int processes_fd;
	uint32_t generation;
	bool connected;
	bool failed; /* and said so */
};

struct ranges {
	struct table_range *range;
	size_t nr, cap;
};

struct process_publisher *process_publisher_new(void)
{
	struct process_publisher *pub = xcalloc(1, sizeof(*pub));

	pub->assignments_fd = -1;
	pub->processes_fd = -1;
	return pub;
}

void process_publisher_free(struct process_publisher *pub)
{
	if (!pub)
		return;
	slot_store_free(pub->slots);
	free(pub);
}

int process_publisher_open_slots(struct process_publisher *pub, int slots_fd)
{
	return slot_store_new(slots_fd, &pub->slots);
}

void process_publisher_connect(struct process_publisher *pub, int assignments_fd, int processes_fd)
{
	pub->assignments_fd = assignments_fd;
	pub->processes_fd = processes_fd;
	pub->connected = true;
}

uint32_t process_publisher_generation(const struct process_publisher *pub)
{
	return pub->generation;
}

static void add_range(struct ranges *r, uint64_t start, uint64_t end, uint64_t bias, uint32_t blob,
		      uint32_t index_base)
{
	if (start >= end)
		return;
	GROW_ARRAY(r->range, r->nr, r->cap);
	r->range[r->nr++] = (struct table_range){start, end, bias, blob, index_base};
}

static uint32_t special_blob(const struct object *o)
{
	switch (o->kind) {
	case OBJECT_JIT:
	case OBJECT_OPAQUE:
		return MAPPING_JIT;
	case OBJECT_UPROBES:
		return MAPPING_UPROBES;
	case OBJECT_ELF:
	case OBJECT_VDSO:
		break;
	}
	return MAPPING_NO_TABLE;
}

/* A mapping shows parts of its object's slices; what lies between them has no table. */
static void add_mapping_ranges(struct ranges *r, const struct process_mapping *m)
{
	uint64_t at = m->start;

	for (size_t i = 0; i < m->object->nr_slices; i++) {
		const struct table_slice *s = &m->object->slices[i];
		uint64_t start = s->vaddr_begin + m->bias, end = s->vaddr_end + m->bias;

		if (start < at)
			start = at;
		if (end > m->end)
			end = m->end;
		if (start >= end)
			continue;
		add_range(r, at, start, m->bias, MAPPING_NO_TABLE, 0);
		add_range(r, start, end, m->bias, s->blob, s->index_base);
		at = end;
	}
	add_range(r, at, m->end, m->bias, special_blob(m->object), 0);
}

/* A mapping of code made at run time, of which images may have been registered. */
struct code_ranges {
	struct ranges *ranges;
	const struct process_mapping *mapping;
	uint64_t at;
};

static void add_code_range(struct code_ranges *c, uint64_t start, uint64_t end,
			   const struct table_slice *slice)
{
	if (start < c->at)
		start = c->at;
	if (end > c->mapping->end)
		end = c->mapping->end;
	if (start >= end)
		return;
	add_range(c->ranges, c->at, start, c->mapping->bias, MAPPING_JIT, 0);
	add_range(c->ranges, start, end, 0, slice->blob, slice->index_base);
	c->at = end;
}

static void add_code_image(uint64_t start, uint64_t end, const struct object *object, void *arg)
{
	for (size_t i = 0; i < object->nr_slices; i++) {
		const struct table_slice *s = &object->slices[i];

		add_code_range(arg, s->vaddr_begin > start ? s->vaddr_begin : start,
			       s->vaddr_end < end ? s->vaddr_end : end, s);
	}
}

static void add_code_ranges(struct ranges *r, const struct process *p,
			    const struct process_mapping *m)
{
	struct code_ranges c = {.ranges = r, .mapping = m, .at = m->start};

	code_images_each(p->images, p->execs, add_code_image, &c);
	add_range(r, c.at, m->end, m->bias, MAPPING_JIT, 0);
}

static void add_ranges(struct ranges *r, const struct process *p, const struct process_mapping *m)
{
	if (special_blob(m->object) == MAPPING_JIT)
		add_code_ranges(r, p, m);
	else
		add_mapping_ranges(r, m);
}

static int compare_ranges(const void *a, const void *b)
{
	const struct table_range *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/* As many as are kept; says once a process that there are more. */
static size_t limit_ranges(struct process *p, size_t nr)
{
	const size_t limit = (size_t)CTRACE_MAX_MAPPINGS * CTRACE_MAX_PAGES;

	if (nr <= limit)
		return nr;
	if (!p->is_over_limit)
		log_warning("process %d (%s) has %zu executable ranges, %zu are kept: stacks "
			    "through the others will be cut",
			    (int)p->pid, p->comm, nr, limit);
	p->is_over_limit = true;
	return limit;
}

static int assign(struct process_publisher *pub, struct process *p, uint32_t slot)
{
	struct slot_assignment a = {.slot = slot, .execs = p->execs};
	uint32_t key = (uint32_t)p->pid;
	struct process_entry entry;

	if (pub->processes_fd < 0)
		return 0;
	/* Gone meanwhile: its entries must not come back. */
	if (bpf_map_lookup_elem(pub->processes_fd, &key, &entry) < 0)
		return -ESRCH;
	return bpf_map_update_elem(pub->assignments_fd, &key, &a, BPF_ANY) < 0 ? -errno : 0;
}

/* The process's table, in a slot, and its pages if it needs any. */
static int make_table(struct process_publisher *pub, struct process *p, const struct ranges *ranges,
		      uint64_t as_of_ns, uint32_t *ret_slot, struct table_pages **ret_pages)
{
	size_t nr = limit_ranges(p, ranges->nr);
	struct table_pages *pages = NULL;
	struct mapping_table *table;
	uint32_t slot;
	int err = 0;

	if (nr > CTRACE_MAX_MAPPINGS)
		err = table_pages_new(pub->slots, ranges->range, nr, p->pages, &pages);
	if (err == 0)
		err = slot_store_take(pub->slots, &slot, &table);
	if (err < 0) {
		table_pages_unref(pub->slots, pages);
		return err;
	}
	if (pages)
		table_pages_fill_directory(table, pages);
	else
		table_pages_fill(table, ranges->range, nr);
	table->generation = ++pub->generation;
	table->as_of_ns = as_of_ns;
	table->jit_timed_ns = process_jit_timed_since(p->jit, p->execs);
	table->jit_registers = code_images_exist(p->images, p->execs);
	table->jit_keeps_rbp = p->jit && process_keeps_rbp(p);
	*ret_slot = slot;
	*ret_pages = pages;
	return 0;
}

static void release(struct process_publisher *pub, uint32_t slot, struct table_pages *pages)
{
	slot_store_unref(pub->slots, slot);
	table_pages_unref(pub->slots, pages);
}

static int publish(struct process_publisher *pub, struct process *p, uint64_t as_of_ns)
{
	const struct process_mapping *m;
	struct table_pages *pages = NULL;
	struct ranges ranges = {};
	uint32_t slot;
	int err;

	for (size_t i = 0; (m = process_mappings_live(p, i)); i++)
		add_ranges(&ranges, p, m);
	if (ranges.nr)
		qsort(ranges.range, ranges.nr, sizeof(*ranges.range), compare_ranges);
	err = make_table(pub, p, &ranges, as_of_ns, &slot, &pages);
	free(ranges.range);
	if (err < 0)
		return err;
	err = assign(pub, p, slot);
	if (err < 0) {
		release(pub, slot, pages);
		return err;
	}
	release(pub, p->slot, p->pages);
	p->slot = slot;
	p->pages = pages;
	return 0;
}

void process_publisher_publish(struct process_publisher *pub, struct process *p, uint64_t as_of_ns)
{
	int err;

	if (!pub->connected)
		return;
	err = publish(pub, p, as_of_ns);
	/* Tables are reused after a second: what cannot be said now is said then. */
	p->dirty = err == -ENOSPC;
	if (err == 0 || err == -ESRCH)
		return;
	if (!pub->failed)
		log_warning("cannot publish the mappings of process %d, and perhaps of others: %s",
			    (int)p->pid, strerror(-err));
	pub->failed = true;
}

bool process_publisher_is_doubted(const struct process_publisher *pub, const struct process *p)
{
	const struct mapping_table *table = process_publisher_table(pub, p);
	uint32_t key = (uint32_t)p->pid;
	struct process_entry entry;

	return table && pub->processes_fd >= 0 &&
	       bpf_map_lookup_elem(pub->processes_fd, &key, &entry) == 0 &&
	       entry.doubt_ns > table->as_of_ns;
}

void process_publisher_share(struct process_publisher *pub, struct process *child,
			     const struct process *parent)
{
	child->slot = parent->slot;
	child->pages = table_pages_ref(parent->pages);
	if (pub->slots)
		slot_store_ref(pub->slots, child->slot);
}

void process_publisher_drop(struct process_publisher *pub, struct process *p)
{
	if (!pub->slots)
		return;
	/* The assignment is the BPF side's to delete: the pid may belong to another by now. */
	release(pub, p->slot, p->pages);
	p->slot = PROCESS_NO_SLOT;
	p->pages = NULL;
}

uint64_t process_publisher_kernel_bytes(const struct process_publisher *pub)
{
	return pub->slots ? slot_store_kernel_bytes(pub->slots) : 0;
}

const struct mapping_table *process_publisher_table(const struct process_publisher *pub,
						    const struct process *p)
{
	return pub->slots ? slot_store_table(pub->slots, p->slot) : NULL;
}
