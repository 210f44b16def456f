/* SPDX-License-Identifier: MIT */
#include "loader/stack_store.h"

#include "common/alloc.h"
#include "common/hash_table.h"
#include "common/log.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>

/* New stacks in one count map before it is swapped: hash maps degrade when they are full. */
#define SWAP_AT	   (CTRACE_COUNT_ENTRIES * 5 / 8)
#define BATCH_SIZE 4096

struct stack_entry {
	struct stack_key key;
	uint64_t count;
	UT_hash_handle hh;
	struct stack_record record; /* frames behind it */
};

struct stack_store {
	struct ring_buffer *ring;
	int counts_fd;
	int current_fd;
	size_t fresh; /* stacks published since the last swap */
	uint64_t orphans;
	struct stack_entry *stacks;
	struct stack_key *keys; /* batch buffers */
	uint64_t *values;
	void (*on_unknown)(uint32_t tgid, void *arg);
	void *arg;
};

static struct stack_entry *find_stack(const struct stack_store *s, const struct stack_key *key)
{
	struct stack_entry *e;

	HASH_FIND(hh, s->stacks, key, sizeof(*key), e);
	return e;
}

static void take_stack(struct stack_store *s, const struct stack_record *r, size_t size)
{
	size_t nr = (size_t)r->nr_kernel + r->nr_user;
	struct stack_entry *e;

	s->fresh++;
	if (size < sizeof(*r) + nr * sizeof(uint64_t) || find_stack(s, &r->key))
		return;
	e = xcalloc(1, sizeof(*e) + nr * sizeof(uint64_t));
	e->key = r->key;
	memcpy(&e->record, r, sizeof(*r) + nr * sizeof(uint64_t));
	HASH_ADD(hh, s->stacks, key, sizeof(e->key), e);
}

static void add_count(struct stack_store *s, const struct stack_key *key, uint64_t count)
{
	struct stack_entry *e = find_stack(s, key);

	if (e)
		e->count += count;
	else
		s->orphans += count;
}

static int take_record(void *arg, void *data, size_t size)
{
	struct stack_store *s = arg;
	const struct stack_record *r = data;
	const struct unknown_record *u = data;

	if (size >= sizeof(*r) && r->type == RECORD_STACK)
		take_stack(s, r, size);
	else if (size >= sizeof(*r) && r->type == RECORD_WEIGHT)
		add_count(s, &r->key, r->weight);
	else if (size >= sizeof(*u) && u->type == RECORD_UNKNOWN)
		s->on_unknown(u->tgid, s->arg);
	return 0;
}

/* The map is swapped by replacing an inner map, after which the kernel waits for readers. */
static int swap_counts(struct stack_store *s, int *ret_old_fd)
{
	uint32_t zero = 0;
	int fd = bpf_map_create(BPF_MAP_TYPE_HASH, "ctrace_counts", sizeof(struct stack_key),
				sizeof(uint64_t), CTRACE_COUNT_ENTRIES, NULL);

	if (fd < 0)
		return -errno;
	if (bpf_map_update_elem(s->counts_fd, &zero, &fd, BPF_ANY) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	*ret_old_fd = s->current_fd;
	s->current_fd = fd;
	s->fresh = 0;
	return 0;
}

int stack_store_new(int ring_fd, int counts_fd, void (*on_unknown)(uint32_t tgid, void *arg),
		    void *arg, struct stack_store **ret_store)
{
	_cleanup_(stack_store_freep) struct stack_store *s = xcalloc(1, sizeof(*s));
	int old, err;

	s->counts_fd = counts_fd;
	s->current_fd = -1;
	s->on_unknown = on_unknown;
	s->arg = arg;
	s->keys = xcalloc(BATCH_SIZE, sizeof(*s->keys));
	s->values = xcalloc(BATCH_SIZE, sizeof(*s->values));
	err = swap_counts(s, &old);
	if (err < 0)
		return err;
	s->ring = ring_buffer__new(ring_fd, take_record, s, NULL);
	if (!s->ring)
		return -errno;
	*ret_store = TAKE_PTR(s);
	return 0;
}

void stack_store_free(struct stack_store *s)
{
	struct stack_entry *e, *next;

	if (!s)
		return;
	HASH_ITER (hh, s->stacks, e, next) {
		HASH_DEL(s->stacks, e);
		free(e);
	}
	ring_buffer__free(s->ring);
	if (s->current_fd >= 0)
		close(s->current_fd);
	free(s->keys);
	free(s->values);
	free(s);
}

int stack_store_epoll_fd(const struct stack_store *s)
{
	return ring_buffer__epoll_fd(s->ring);
}

/* Adds up a map nobody writes to any more. */
static int harvest(struct stack_store *s, int fd)
{
	uint32_t cursor = 0;
	bool first = true;

	for (;;) {
		uint32_t nr = BATCH_SIZE;
		int err = bpf_map_lookup_batch(fd, first ? NULL : &cursor, &cursor, s->keys,
					       s->values, &nr, NULL);

		if (err < 0 && errno != ENOENT)
			return -errno;
		for (uint32_t i = 0; i < nr; i++)
			add_count(s, &s->keys[i], s->values[i]);
		if (err < 0)
			return 0;
		first = false;
	}
}

int stack_store_drain(struct stack_store *s)
{
	int err, old;

	ring_buffer__consume(s->ring);
	if (s->fresh < SWAP_AT)
		return 0;
	err = swap_counts(s, &old);
	if (err < 0)
		return err;
	/* Stacks published before the swap are in the ring: their frames come before counts. */
	ring_buffer__consume(s->ring);
	err = harvest(s, old);
	close(old);
	return err;
}

int stack_store_finish(struct stack_store *s)
{
	ring_buffer__consume(s->ring);
	return harvest(s, s->current_fd);
}

size_t stack_store_count(const struct stack_store *s)
{
	return HASH_COUNT(s->stacks);
}

uint64_t stack_store_orphans(const struct stack_store *s)
{
	return s->orphans;
}

int stack_store_each(const struct stack_store *s,
		     int (*fn)(const struct counted_stack *stack, void *arg), void *arg)
{
	for (const struct stack_entry *e = s->stacks; e; e = e->hh.next) {
		struct counted_stack stack = {
			.record = &e->record,
			.frames = (const uint64_t *)(&e->record + 1),
			.count = e->count,
		};
		int err;

		if (!e->count)
			continue;
		err = fn(&stack, arg);
		if (err < 0)
			return err;
	}
	return 0;
}
