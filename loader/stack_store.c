/* SPDX-License-Identifier: MIT */
#include "loader/stack_store.h"

#include "common/alloc.h"
#include "common/hash_table.h"
#include "loader/quiet_thread.h"
#include "loader/time.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

/* New stacks in one count map before the other is used: hash maps degrade when they are full. */
#define TURN_AT (CTRACE_COUNT_ENTRIES * 5 / 8)
/* A program that found the old map may write to it this long: walks take 100 us. */
#define QUIET_AFTER_NS 50000000u
#define BATCH_SIZE     4096

struct slice_count {
	uint32_t slice;
	uint64_t count;
};

struct stack_entry {
	struct stack_key key;
	struct slice_count *counts; /* in time's order; one where time is not kept */
	size_t nr_counts, cap_counts;
	UT_hash_handle hh;
	struct stack_record record; /* frames behind it */
};

struct stack_store {
	struct ring_buffer *ring;
	volatile uint32_t *in_use;
	int counts_fd;
	int map_fds[CTRACE_COUNT_MAPS];
	size_t fresh;	    /* stacks published since the last turn */
	uint64_t turned_ns; /* the map not in use may still be written to shortly after */
	uint64_t slice_ns, began_ns;
	uint32_t last_slice; /* most of what the map not in use has counted */
	bool draining;	     /* it has not been emptied yet */
	pthread_t first_map; /* puts map 0 in its place */
	bool starting;
	int err;
	uint64_t orphans;
	struct stack_entry *stacks;
	struct stack_key *keys; /* batch buffers */
	uint64_t *values;
	void (*on_unknown)(uint32_t tgid, void *arg);
	void (*on_dropped)(uint32_t tgid, uint64_t time_ns, void *arg);
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

static uint32_t slice_at(const struct stack_store *s, uint64_t time_ns)
{
	uint64_t slice = s->slice_ns ? (time_ns - s->began_ns) / s->slice_ns : 0;

	return slice < UINT32_MAX ? (uint32_t)slice : UINT32_MAX;
}

/* Of what was counted since the last turn. */
static uint32_t slice_now(const struct stack_store *s)
{
	uint64_t since = s->turned_ns > s->began_ns ? s->turned_ns : s->began_ns;

	return slice_at(s, since + (time_now_ns() - since) / 2);
}

static void add_count(struct stack_store *s, const struct stack_key *key, uint64_t count,
		      uint32_t slice)
{
	struct stack_entry *e = find_stack(s, key);

	if (!e) {
		s->orphans += count;
		return;
	}
	if (!e->nr_counts || e->counts[e->nr_counts - 1].slice != slice) {
		GROW_ARRAY(e->counts, e->nr_counts, e->cap_counts);
		e->counts[e->nr_counts++] = (struct slice_count){.slice = slice};
	}
	e->counts[e->nr_counts - 1].count += count;
}

static int take_record(void *arg, void *data, size_t size)
{
	struct stack_store *s = arg;
	const struct stack_record *r = data;
	const struct unknown_record *u = data;
	const struct dropped_record *d = data;

	if (size >= sizeof(*r) && r->type == RECORD_STACK)
		take_stack(s, r, size);
	else if (size >= sizeof(*r) && r->type == RECORD_WEIGHT)
		add_count(s, &r->key, r->weight, slice_at(s, time_now_ns()));
	else if (size >= sizeof(*u) && u->type == RECORD_UNKNOWN)
		s->on_unknown(u->tgid, s->arg);
	else if (size >= sizeof(*d) && d->type == RECORD_DROPPED)
		s->on_dropped(d->tgid, d->time_ns, s->arg);
	return 0;
}

static int make_count_map(struct stack_store *s, uint32_t which)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_HASH, "ctrace_counts", sizeof(struct stack_key),
				sizeof(uint64_t), CTRACE_COUNT_ENTRIES, NULL);

	if (fd < 0)
		return -errno;
	s->map_fds[which] = fd;
	return bpf_map_update_elem(s->counts_fd, &which, &fd, BPF_ANY) < 0 ? -errno : 0;
}

static void *make_first_map(void *arg)
{
	struct stack_store *s = arg;

	s->err = make_count_map(s, 0);
	return NULL;
}

int stack_store_new(const struct stack_store_options *options, struct stack_store **ret_store)
{
	_cleanup_(stack_store_freep) struct stack_store *s = xcalloc(1, sizeof(*s));

	s->counts_fd = options->counts_fd;
	s->slice_ns = options->slice_ns;
	s->began_ns = time_now_ns();
	s->on_unknown = options->on_unknown;
	s->on_dropped = options->on_dropped;
	s->arg = options->arg;
	for (int i = 0; i < CTRACE_COUNT_MAPS; i++)
		s->map_fds[i] = -1;
	s->keys = xcalloc(BATCH_SIZE, sizeof(*s->keys));
	s->values = xcalloc(BATCH_SIZE, sizeof(*s->values));
	s->ring = ring_buffer__new(options->ring_fd, take_record, s, NULL);
	if (!s->ring)
		return -errno;
	s->starting = quiet_thread_create(&s->first_map, make_first_map, s) == 0;
	if (!s->starting)
		make_first_map(s);
	*ret_store = TAKE_PTR(s);
	return 0;
}

static void join_first_map(struct stack_store *s)
{
	if (s->starting)
		pthread_join(s->first_map, NULL);
	s->starting = false;
}

int stack_store_wait_ready(struct stack_store *s, volatile uint32_t *in_use)
{
	join_first_map(s);
	s->in_use = in_use;
	return s->err;
}

void stack_store_free(struct stack_store *s)
{
	struct stack_entry *e, *next;

	if (!s)
		return;
	join_first_map(s);
	HASH_ITER (hh, s->stacks, e, next) {
		HASH_DEL(s->stacks, e);
		free(e->counts);
		free(e);
	}
	ring_buffer__free(s->ring);
	for (int i = 0; i < CTRACE_COUNT_MAPS; i++)
		if (s->map_fds[i] >= 0)
			close(s->map_fds[i]);
	free(s->keys);
	free(s->values);
	free(s);
}

int stack_store_epoll_fd(const struct stack_store *s)
{
	return ring_buffer__epoll_fd(s->ring);
}

/* Adds up and empties a map nobody writes to any more. */
static int harvest(struct stack_store *s, uint32_t which, uint32_t slice)
{
	uint32_t cursor = 0;
	bool first = true;

	if (s->map_fds[which] < 0)
		return 0;
	for (;;) {
		uint32_t nr = BATCH_SIZE;
		int err = bpf_map_lookup_and_delete_batch(s->map_fds[which], first ? NULL : &cursor,
							  &cursor, s->keys, s->values, &nr, NULL);

		if (err < 0 && errno != ENOENT)
			return -errno;
		for (uint32_t i = 0; i < nr; i++)
			add_count(s, &s->keys[i], s->values[i], slice);
		if (err < 0)
			return 0;
		first = false;
	}
}

/* Turns the programs to the other map; the full one is drained when nobody can be in it. */
static int turn(struct stack_store *s)
{
	uint32_t other = !*s->in_use;
	int err = s->map_fds[other] < 0 ? make_count_map(s, other) : 0;

	if (err < 0)
		return err;
	*s->in_use = other;
	s->last_slice = slice_now(s);
	s->turned_ns = time_now_ns();
	s->draining = true;
	s->fresh = 0;
	return 0;
}

static bool is_time_to_turn(const struct stack_store *s)
{
	uint64_t since = s->turned_ns > s->began_ns ? s->turned_ns : s->began_ns;

	if (s->draining)
		return false;
	/* The clock that wakes us is as long as a slice: rather a little early than late. */
	return s->fresh >= TURN_AT ||
	       (s->slice_ns && time_now_ns() - since >= s->slice_ns - s->slice_ns / 8);
}

void stack_store_begin(struct stack_store *s)
{
	s->began_ns = time_now_ns();
}

int stack_store_drain(struct stack_store *s)
{
	int err;

	ring_buffer__consume(s->ring);
	if (s->draining && time_now_ns() - s->turned_ns > QUIET_AFTER_NS) {
		/* Frames come before their count: whatever is counted there was published. */
		ring_buffer__consume(s->ring);
		err = harvest(s, !*s->in_use, s->last_slice);
		if (err < 0)
			return err;
		s->draining = false;
	}
	return is_time_to_turn(s) ? turn(s) : 0;
}

int stack_store_finish(struct stack_store *s)
{
	int err;

	ring_buffer__consume(s->ring);
	err = harvest(s, !*s->in_use, s->last_slice);
	return err < 0 ? err : harvest(s, *s->in_use, slice_now(s));
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
		};

		for (size_t i = 0; i < e->nr_counts; i++) {
			int err;

			stack.slice = e->counts[i].slice;
			stack.count = e->counts[i].count;
			err = stack.count ? fn(&stack, arg) : 0;
			if (err < 0)
				return err;
		}
	}
	return 0;
}
