/* SPDX-License-Identifier: MIT */
#include "loader/task_events.h"

#include "common/alloc.h"
#include "loader/perf_event.h"
#include "loader/time.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Data pages of a ring, a power of two: 128 KiB hold 1,000 mappings with long paths. */
#define RING_PAGES 32

struct ring {
	struct perf_event_mmap_page *meta;
	size_t size; /* of the data area */
	bool wide;   /* of every process */
};

struct pending {
	uint64_t time_ns;
	size_t at; /* in task_events.store */
};

struct task_events {
	size_t nr;
	bool wide;
	uint64_t widened_ns; /* what wide rings tell of counts from then on, of others until then */
	int *fds;
	struct ring *rings;
	size_t page;
	uint64_t lost;
	/* Records copied out of the rings and not handed on yet. */
	uint8_t *store;
	size_t store_used, store_cap;
	struct pending *pending;
	size_t nr_pending, cap_pending;
};

static int open_event(pid_t pid, int cpu, bool children)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_TIME,
		.sample_id_all = 1,
		.inherit = pid >= 0, /* threads are inherited too */
		.inherit_thread = pid >= 0 && !children,
		.mmap = 1,
		.mmap2 = 1,
		.task = 1,
		.comm = 1,
		.comm_exec = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
		.watermark = 1,
		.wakeup_watermark = 1,
		.exclude_kernel = 1,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int add_ring(struct task_events *e, pid_t pid, int cpu, bool children)
{
	size_t size = RING_PAGES * e->page;
	int fd = open_event(pid, cpu, children);
	void *map;

	if (fd < 0)
		return fd;
	map = mmap(NULL, e->page + size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		int err = -errno;

		close(fd);
		return err;
	}
	e->fds[e->nr] = fd;
	e->rings[e->nr].meta = map;
	e->rings[e->nr].size = size;
	e->rings[e->nr].wide = pid < 0;
	e->nr++;
	return 0;
}

static int add_rings(struct task_events *e, pid_t pid, bool children)
{
	long nr_cpus = sysconf(_SC_NPROCESSORS_CONF);
	size_t before = e->nr;

	e->fds = xreallocarray(e->fds, e->nr + (size_t)nr_cpus, sizeof(*e->fds));
	e->rings = xreallocarray(e->rings, e->nr + (size_t)nr_cpus, sizeof(*e->rings));
	for (long cpu = 0; cpu < nr_cpus; cpu++) {
		int err = add_ring(e, pid, (int)cpu, children);

		/* -ENODEV: that CPU is offline. */
		if (err < 0 && err != -ENODEV)
			return err;
	}
	return e->nr == before ? -ENODEV : 0;
}

int task_events_open(pid_t pid, bool children, struct task_events **ret_events)
{
	_cleanup_(task_events_freep) struct task_events *e = xcalloc(1, sizeof(*e));
	int err;

	e->page = (size_t)sysconf(_SC_PAGESIZE);
	e->wide = pid < 0;
	err = add_rings(e, pid, children);
	if (err < 0)
		return err;
	*ret_events = TAKE_PTR(e);
	return 0;
}

int task_events_widen(struct task_events *e)
{
	size_t before = e->nr;
	int err;

	if (e->wide)
		return 0;
	err = add_rings(e, -1, true);
	if (err < 0)
		return err;
	e->wide = true;
	e->widened_ns = time_now_ns();
	for (size_t i = 0; i < before; i++)
		perf_disable(e->fds[i]);
	return 0;
}

void task_events_free(struct task_events *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->nr; i++) {
		munmap(e->rings[i].meta, e->page + e->rings[i].size);
		close(e->fds[i]);
	}
	free(e->fds);
	free(e->rings);
	free(e->store);
	free(e->pending);
	free(e);
}

const int *task_events_fds(const struct task_events *e, size_t *ret_nr)
{
	*ret_nr = e->nr;
	return e->fds;
}

uint64_t task_events_lost(const struct task_events *e)
{
	return e->lost;
}

static void copy_out(const struct ring *r, uint64_t from, void *to, size_t size)
{
	const uint8_t *data = (const uint8_t *)r->meta + r->meta->data_offset;
	size_t off = (size_t)from & (r->size - 1);
	size_t first = size < r->size - off ? size : r->size - off;

	memcpy(to, data + off, first);
	memcpy((uint8_t *)to + first, data, size - first);
}

/* The trailer sample_id_all adds: with PERF_SAMPLE_TIME alone it is the last word. */
static uint64_t record_time(const struct perf_event_header *h)
{
	uint64_t time;

	memcpy(&time, (const uint8_t *)h + h->size - sizeof(time), sizeof(time));
	return time;
}

static void take_record(struct task_events *e, const struct ring *r, uint64_t at, size_t size)
{
	struct perf_event_header *h;

	while (e->store_used + size > e->store_cap) {
		e->store_cap = e->store_cap ? e->store_cap * 2 : 65536;
		e->store = xreallocarray(e->store, e->store_cap, 1);
	}
	copy_out(r, at, e->store + e->store_used, size);
	h = (struct perf_event_header *)(e->store + e->store_used);
	if (h->type == PERF_RECORD_LOST) {
		uint64_t lost[2];

		memcpy(lost, h + 1, sizeof(lost));
		e->lost += lost[1];
		return;
	}
	/* Two rings may have told of it. */
	if (e->widened_ns && r->wide != (record_time(h) > e->widened_ns))
		return;
	GROW_ARRAY(e->pending, e->nr_pending, e->cap_pending);
	e->pending[e->nr_pending++] = (struct pending){record_time(h), e->store_used};
	e->store_used += (size + 7) & ~(size_t)7;
}

static void drain_ring(struct task_events *e, struct ring *r)
{
	uint64_t head = __atomic_load_n(&r->meta->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = r->meta->data_tail;

	while (tail < head) {
		struct perf_event_header h;

		copy_out(r, tail, &h, sizeof(h));
		if (h.size < sizeof(h) + sizeof(uint64_t))
			break;
		take_record(e, r, tail, h.size);
		tail += h.size;
	}
	__atomic_store_n(&r->meta->data_tail, tail, __ATOMIC_RELEASE);
}

static int compare_pending(const void *a, const void *b)
{
	const struct pending *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

/* Layouts: struct perf_record_* in perf_event.h's comments. */
static bool decode(const struct perf_event_header *h, struct task_event *ret_event)
{
	const uint8_t *body = (const uint8_t *)(h + 1);
	const uint32_t *word = (const uint32_t *)(const void *)body;
	const uint64_t *quad = (const uint64_t *)(const void *)(body + 8);

	switch (h->type) {
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
		ret_event->type = h->type == PERF_RECORD_FORK ? TASK_EVENT_FORK : TASK_EVENT_EXIT;
		ret_event->pid = (pid_t)word[0];
		ret_event->parent = (pid_t)word[1];
		ret_event->tid = (pid_t)word[2];
		return true;
	case PERF_RECORD_COMM:
		ret_event->type = h->misc & PERF_RECORD_MISC_COMM_EXEC ? TASK_EVENT_EXEC
								       : TASK_EVENT_COMM;
		ret_event->pid = (pid_t)word[0];
		ret_event->tid = (pid_t)word[1];
		ret_event->comm = (const char *)body + 8;
		return true;
	case PERF_RECORD_MMAP2:
		ret_event->type = TASK_EVENT_MMAP;
		ret_event->pid = (pid_t)word[0];
		ret_event->tid = (pid_t)word[1];
		ret_event->start = quad[0];
		ret_event->end = quad[0] + quad[1];
		ret_event->off = quad[2];
		ret_event->dev_major = word[8];
		ret_event->dev_minor = word[9];
		ret_event->inode = quad[4];
		ret_event->path = (const char *)body + 64;
		return true;
	}
	return false;
}

static void keep_rest(struct task_events *e, size_t done)
{
	uint8_t *store = NULL;
	size_t used = 0;

	if (done == e->nr_pending) {
		e->nr_pending = 0;
		e->store_used = 0;
		return;
	}
	store = xmalloc(e->store_cap);
	for (size_t i = done; i < e->nr_pending; i++) {
		const struct perf_event_header *h =
			(const struct perf_event_header *)(e->store + e->pending[i].at);
		size_t size = ((size_t)h->size + 7) & ~(size_t)7;

		memcpy(store + used, h, h->size);
		e->pending[i - done] = (struct pending){e->pending[i].time_ns, used};
		used += size;
	}
	free(e->store);
	e->store = store;
	e->store_used = used;
	e->nr_pending -= done;
}

int task_events_read(struct task_events *e, void (*fn)(const struct task_event *event, void *arg),
		     void *arg)
{
	/*
	 * Later records may already be in a ring that is read last while an earlier one comes
	 * into a ring that was read first: whatever is newer than this moment waits.
	 */
	uint64_t now = time_now_ns();
	size_t done = 0;
	int nr = 0;

	for (size_t i = 0; i < e->nr; i++)
		drain_ring(e, &e->rings[i]);
	if (e->nr_pending)
		qsort(e->pending, e->nr_pending, sizeof(*e->pending), compare_pending);
	while (done < e->nr_pending && e->pending[done].time_ns <= now) {
		struct task_event event = {.time_ns = e->pending[done].time_ns};

		if (decode((const struct perf_event_header *)(e->store + e->pending[done].at),
			   &event)) {
			fn(&event, arg);
			nr++;
		}
		done++;
	}
	keep_rest(e, done);
	return nr;
}
