/* SPDX-License-Identifier: MIT */
#include "loader/probe_ring.h"

#include "common/alloc.h"

#include <linux/perf_event.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define RING_PAGES 4 /* a power of two: 512 records of 32 bytes, two for a throttling */

struct probe_ring {
	struct perf_event_mmap_page *header;
	const uint8_t *data;
	size_t size;
	uint64_t losses;
};

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

struct probe_ring *probe_ring_map(int perf_fd)
{
	size_t page = page_size();
	void *memory = mmap(NULL, (RING_PAGES + 1) * page, PROT_READ | PROT_WRITE, MAP_SHARED,
			    perf_fd, 0);
	struct probe_ring *ring;

	if (memory == MAP_FAILED)
		return NULL;
	ring = xcalloc(1, sizeof(*ring));
	ring->header = memory;
	ring->data = (const uint8_t *)memory + page;
	ring->size = RING_PAGES * page;
	return ring;
}

void probe_ring_unmap(struct probe_ring *ring)
{
	if (!ring)
		return;
	munmap(ring->header, ring->size + page_size());
	free(ring);
}

/* A record may wrap around the ring's end. */
static void copy_out(const struct probe_ring *ring, uint64_t at, void *to, size_t size)
{
	size_t begin = at % ring->size;
	size_t first = size < ring->size - begin ? size : ring->size - begin;

	memcpy(to, ring->data + begin, first);
	memcpy((uint8_t *)to + first, ring->data, size - first);
}

uint64_t probe_ring_losses(struct probe_ring *ring)
{
	uint64_t head, tail;

	if (!ring)
		return 0;
	head = __atomic_load_n(&ring->header->data_head, __ATOMIC_ACQUIRE);
	tail = ring->header->data_tail;
	while (head - tail >= sizeof(struct perf_event_header)) {
		struct {
			struct perf_event_header header;
			uint64_t id, lost;
		} record;

		copy_out(ring, tail, &record.header, sizeof(record.header));
		if (record.header.size < sizeof(record.header) || record.header.size > head - tail)
			break;
		if (record.header.type == PERF_RECORD_THROTTLE)
			ring->losses++;
		if (record.header.type == PERF_RECORD_LOST &&
		    record.header.size >= sizeof(record)) {
			copy_out(ring, tail, &record, sizeof(record));
			ring->losses += record.lost;
		}
		tail += record.header.size;
	}
	__atomic_store_n(&ring->header->data_tail, tail, __ATOMIC_RELEASE);
	return ring->losses;
}
