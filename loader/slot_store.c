/* SPDX-License-Identifier: MIT */
#include "loader/slot_store.h"

#include "common/alloc.h"
#include "loader/map_pool.h"
#include "loader/time.h"

/* A walk takes 100 us; one that was preempted in a uprobe may take until it is scheduled again. */
#define REUSE_AFTER_NS 1000000000ull
/* Made ahead: a compiler driver starts several programs in a millisecond. */
#define SPARE_SLOTS 8

struct slot {
	struct mapping_table *table;
	uint32_t references;
	uint64_t retired_ns;
};

struct slot_store {
	struct map_pool *pool;
	struct slot *slots;
	uint32_t nr, cap;
};

int slot_store_new(int slots_fd, struct slot_store **ret_store)
{
	const struct map_pool_options pool = {
		.outer_fd = slots_fd,
		.name = "ctrace_slot",
		.value_size = sizeof(struct mapping_table),
		.capacity = CTRACE_MAX_SLOTS,
		.spares = SPARE_SLOTS,
	};
	_cleanup_(slot_store_freep) struct slot_store *s = xcalloc(1, sizeof(*s));
	int err = map_pool_new(&pool, &s->pool);

	if (err < 0)
		return err;
	*ret_store = TAKE_PTR(s);
	return 0;
}

void slot_store_free(struct slot_store *s)
{
	if (!s)
		return;
	map_pool_free(s->pool);
	free(s->slots);
	free(s);
}

static int create_slot(struct slot_store *s)
{
	uint32_t key;
	void *table;
	int err = map_pool_take(s->pool, &key, &table);

	if (err < 0)
		return err;
	GROW_ARRAY(s->slots, s->nr, s->cap);
	s->slots[s->nr++] = (struct slot){.table = table};
	return (int)key;
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
	return map_pool_bytes(s->pool);
}

const struct mapping_table *slot_store_table(const struct slot_store *s, uint32_t slot)
{
	return slot < s->nr ? s->slots[slot].table : NULL;
}
