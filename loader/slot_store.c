/* SPDX-License-Identifier: MIT */
#include "loader/slot_store.h"

#include "common/alloc.h"
#include "loader/time.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

/* A walk takes 100 us; one that was preempted in a uprobe may take until it is scheduled again. */
#define REUSE_AFTER_NS 1000000000ull

struct slot {
	struct mapping_table *table;
	uint32_t references;
	uint64_t retired_ns;
};

struct slot_store {
	int slots_fd;
	struct slot *slots;
	uint32_t nr, cap;
};

struct slot_store *slot_store_new(int slots_fd)
{
	struct slot_store *s = xcalloc(1, sizeof(*s));

	s->slots_fd = slots_fd;
	return s;
}

void slot_store_free(struct slot_store *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < s->nr; i++)
		munmap(s->slots[i].table, sizeof(struct mapping_table));
	free(s->slots);
	free(s);
}

/* A new map for the kernel to read, put in its place; -1 when the store is our own memory. */
static int create_map(const struct slot_store *s, int *ret_fd)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	uint32_t key = s->nr;
	int fd;

	*ret_fd = -1;
	if (s->slots_fd < 0)
		return 0;
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "ctrace_slot", sizeof(uint32_t),
			    sizeof(struct mapping_table), 1, &opts);
	if (fd < 0)
		return -errno;
	if (bpf_map_update_elem(s->slots_fd, &key, &fd, BPF_ANY) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	*ret_fd = fd;
	return 0;
}

static int create_slot(struct slot_store *s)
{
	_cleanup_close_ int fd = -1;
	void *map;
	int err;

	if (s->nr == CTRACE_MAX_SLOTS)
		return -ENOSPC;
	err = create_map(s, &fd);
	if (err < 0)
		return err;
	map = mmap(NULL, sizeof(struct mapping_table), PROT_READ | PROT_WRITE,
		   fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	GROW_ARRAY(s->slots, s->nr, s->cap);
	s->slots[s->nr] = (struct slot){.table = map};
	return (int)s->nr++;
}

int slot_store_take(struct slot_store *s, uint32_t *ret_slot, struct mapping_table **ret_table)
{
	uint64_t now = time_now_ns();
	int found = -1;

	for (uint32_t i = 0; i < s->nr && found < 0; i++)
		if (!s->slots[i].references && now - s->slots[i].retired_ns > REUSE_AFTER_NS)
			found = (int)i;
	if (found < 0)
		found = create_slot(s);
	if (found < 0)
		return found;
	s->slots[found].references = 1;
	*ret_slot = (uint32_t)found;
	*ret_table = s->slots[found].table;
	return 0;
}

void slot_store_ref(struct slot_store *s, uint32_t slot)
{
	if (slot != PROCESS_NO_SLOT)
		s->slots[slot].references++;
}

void slot_store_unref(struct slot_store *s, uint32_t slot)
{
	if (slot != PROCESS_NO_SLOT && --s->slots[slot].references == 0)
		s->slots[slot].retired_ns = time_now_ns();
}

uint64_t slot_store_kernel_bytes(const struct slot_store *s)
{
	return (uint64_t)s->nr * sizeof(struct mapping_table);
}

const struct mapping_table *slot_store_table(const struct slot_store *s, uint32_t slot)
{
	return slot < s->nr ? s->slots[slot].table : NULL;
}
