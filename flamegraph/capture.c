/* SPDX-License-Identifier: MIT */
#include "flamegraph/capture.h"

#include "common/alloc.h"
#include "common/intern.h"
#include "flamegraph/hash_index.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)256 << 10)

/* Memory that is never moved and is given back all at once. */
struct block {
	struct block *next;
	size_t used, size;
	uint64_t data[];
};

struct capture {
	struct capture_info info;
	struct intern *strings;
	struct block *blocks;

	struct capture_object *objects;
	size_t nr_objects, cap_objects;
	struct capture_process *processes;
	size_t nr_processes, cap_processes;

	struct capture_location *locations;
	size_t nr_locations, cap_locations;
	struct hash_index location_index;

	struct capture_stack *stacks;
	size_t nr_stacks, cap_stacks;
	struct hash_index stack_index;
};

struct capture *capture_new(void)
{
	struct capture *capture = xcalloc(1, sizeof(*capture));

	capture->strings = intern_new();
	hash_index_init(&capture->location_index);
	hash_index_init(&capture->stack_index);
	return capture;
}

void capture_free(struct capture *capture)
{
	if (!capture)
		return;
	for (size_t i = 0; i < capture->nr_objects; i++)
		free(capture->objects[i].symbols);
	for (struct block *block = capture->blocks, *next; block; block = next) {
		next = block->next;
		free(block);
	}
	hash_index_release(&capture->location_index);
	hash_index_release(&capture->stack_index);
	free(capture->objects);
	free(capture->processes);
	free(capture->locations);
	free(capture->stacks);
	intern_free(capture->strings);
	free(capture);
}

struct capture_info *capture_get_info(struct capture *capture)
{
	return &capture->info;
}

const struct capture_info *capture_info(const struct capture *capture)
{
	return &capture->info;
}

const char *capture_string(struct capture *capture, const char *text)
{
	return intern_string(capture->strings, text);
}

/* @size is a multiple of 8. */
static void *take_block(struct capture *capture, size_t size)
{
	struct block *block = capture->blocks;
	void *taken;

	if (!block || block->size - block->used < size) {
		size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;

		block = xmalloc(sizeof(*block) + room);
		block->next = capture->blocks;
		block->used = 0;
		block->size = room;
		capture->blocks = block;
	}
	taken = (char *)block->data + block->used;
	block->used += size;
	return taken;
}

void *capture_array(struct capture *capture, size_t nr, size_t size)
{
	size_t bytes;
	void *array;

	if (__builtin_mul_overflow(nr, size, &bytes) || bytes > SIZE_MAX / 2)
		die_oom();
	bytes = (bytes + 7) & ~(size_t)7;
	array = take_block(capture, bytes);
	memset(array, 0, bytes);
	return array;
}

static int compare_symbols(const void *a, const void *b)
{
	const struct capture_symbol *left = a;
	const struct capture_symbol *right = b;
	int order = (left->start > right->start) - (left->start < right->start);

	if (!order)
		order = (left->size > right->size) - (left->size < right->size);
	if (!order)
		order = strcmp(left->name, right->name);
	if (!order)
		order = strcmp(left->module ? left->module : "",
			       right->module ? right->module : "");
	return order;
}

void capture_set_symbols(struct capture *capture, uint32_t object,
			 const struct capture_symbol *symbols, size_t nr)
{
	struct capture_object *into = &capture->objects[object];
	struct capture_symbol *copy = xcalloc(nr + 1, sizeof(*copy));

	assert(object < capture->nr_objects);
	for (size_t i = 0; i < nr; i++) {
		copy[i] = symbols[i];
		copy[i].name = capture_string(capture, symbols[i].name ? symbols[i].name : "");
		copy[i].module = capture_string(capture, symbols[i].module);
	}
	if (nr)
		qsort(copy, nr, sizeof(*copy), compare_symbols);
	free(into->symbols);
	into->symbols = copy;
	into->nr_symbols = nr;
}

uint32_t capture_add_object(struct capture *capture, const struct capture_object *object)
{
	uint32_t row = (uint32_t)capture->nr_objects;
	struct capture_object *copy;

	GROW_ARRAY(capture->objects, capture->nr_objects, capture->cap_objects);
	copy = &capture->objects[capture->nr_objects++];
	*copy = *object;
	copy->path = capture_string(capture, object->path ? object->path : "");
	copy->root = capture_string(capture, object->root);
	copy->symbols = NULL;
	copy->nr_symbols = 0;
	if (object->nr_symbols)
		capture_set_symbols(capture, row, object->symbols, object->nr_symbols);
	return row;
}

uint32_t capture_add_process(struct capture *capture, const struct capture_process *process)
{
	struct capture_process *copy;

	GROW_ARRAY(capture->processes, capture->nr_processes, capture->cap_processes);
	copy = &capture->processes[capture->nr_processes];
	*copy = *process;
	copy->comm = capture_string(capture, process->comm ? process->comm : "");
	return (uint32_t)capture->nr_processes++;
}

static bool same_location(const struct capture_location *a, const struct capture_location *b)
{
	return a->vaddr == b->vaddr && a->object == b->object && a->is_return == b->is_return &&
	       a->guessed == b->guessed && a->kernel == b->kernel;
}

uint32_t capture_add_location(struct capture *capture, const struct capture_location *location)
{
	uint64_t flags = (uint64_t)location->is_return | (uint64_t)location->guessed << 1 |
			 (uint64_t)location->kernel << 2;
	uint64_t hash = hash_u64(capture->location_index.seed, location->vaddr);
	struct hash_probe probe;
	uint32_t row;

	assert(location->object < capture->nr_objects);
	hash = hash_u64(hash, flags << 32 | location->object);
	for (row = hash_index_first(&capture->location_index, hash, &probe); row != HASH_INDEX_NONE;
	     row = hash_index_next(&capture->location_index, &probe)) {
		if (same_location(&capture->locations[row], location))
			return row;
	}
	GROW_ARRAY(capture->locations, capture->nr_locations, capture->cap_locations);
	row = (uint32_t)capture->nr_locations++;
	capture->locations[row] = *location;
	hash_index_insert(&capture->location_index, hash, row);
	return row;
}

static uint64_t hash_stack(uint64_t seed, const struct capture_stack *stack)
{
	uint64_t hash = hash_bytes(seed, stack->locations,
				   (size_t)stack->nr_locations * sizeof(*stack->locations));

	hash = hash_u64(hash, (uint64_t)stack->process << 32 | stack->tid);
	hash = hash_u64(hash, (uint64_t)stack->probe << 32 | stack->stop);
	hash = hash_u64(hash, stack->slice);
	return hash_u64(hash, (uintptr_t)stack->comm);
}

/* Both comms are interned. */
static bool same_stack(const struct capture_stack *a, const struct capture_stack *b)
{
	return a->comm == b->comm && a->process == b->process && a->tid == b->tid &&
	       a->probe == b->probe && a->stop == b->stop && a->slice == b->slice &&
	       a->nr_locations == b->nr_locations &&
	       !memcmp(a->locations, b->locations, (size_t)a->nr_locations * sizeof(*a->locations));
}

static uint64_t add_saturated(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static int check_stack(const struct capture *capture, const struct capture_stack *stack)
{
	if (stack->nr_locations > CAPTURE_MAX_FRAMES)
		return -E2BIG;
	if (stack->process >= capture->nr_processes)
		return -EINVAL;
	for (uint32_t i = 0; i < stack->nr_locations; i++) {
		if (stack->locations[i] >= capture->nr_locations)
			return -EINVAL;
	}
	return 0;
}

int capture_add_stack(struct capture *capture, const struct capture_stack *stack)
{
	size_t size = (size_t)stack->nr_locations * sizeof(*stack->locations);
	static const uint32_t no_locations[1];
	struct capture_stack copy = *stack;
	struct hash_probe probe;
	uint32_t *locations;
	uint64_t hash;
	uint32_t row;
	int ret;

	ret = check_stack(capture, stack);
	if (ret < 0)
		return ret;
	if (!copy.locations)
		copy.locations = no_locations;
	copy.comm = capture_string(capture, stack->comm ? stack->comm : "");
	hash = hash_stack(capture->stack_index.seed, &copy);
	for (row = hash_index_first(&capture->stack_index, hash, &probe); row != HASH_INDEX_NONE;
	     row = hash_index_next(&capture->stack_index, &probe)) {
		struct capture_stack *known = &capture->stacks[row];

		if (!same_stack(known, &copy))
			continue;
		known->count = add_saturated(known->count, copy.count);
		known->weight = add_saturated(known->weight, copy.weight);
		return 0;
	}
	if (capture->nr_stacks >= CAPTURE_MAX_STACKS)
		return -E2BIG;
	locations = capture_array(capture, 1, size);
	memcpy(locations, copy.locations, size);
	copy.locations = locations;
	GROW_ARRAY(capture->stacks, capture->nr_stacks, capture->cap_stacks);
	row = (uint32_t)capture->nr_stacks++;
	capture->stacks[row] = copy;
	hash_index_insert(&capture->stack_index, hash, row);
	return 0;
}

const struct capture_object *capture_objects(const struct capture *capture, size_t *ret_nr)
{
	*ret_nr = capture->nr_objects;
	return capture->objects;
}

const struct capture_process *capture_processes(const struct capture *capture, size_t *ret_nr)
{
	*ret_nr = capture->nr_processes;
	return capture->processes;
}

const struct capture_location *capture_locations(const struct capture *capture, size_t *ret_nr)
{
	*ret_nr = capture->nr_locations;
	return capture->locations;
}

const struct capture_stack *capture_stacks(const struct capture *capture, size_t *ret_nr)
{
	*ret_nr = capture->nr_stacks;
	return capture->stacks;
}
