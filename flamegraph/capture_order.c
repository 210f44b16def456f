/* SPDX-License-Identifier: MIT */
#include "flamegraph/capture_order.h"

#include "common/alloc.h"
#include "flamegraph/capture.h"

#include <stdlib.h>
#include <string.h>

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

struct context {
	const struct capture *capture;
	const struct capture_order *order;
};

typedef int compare_rows_fn(const void *a, const void *b, void *context);

static int compare_text(const char *a, const char *b)
{
	if (a == b)
		return 0;
	if (!a || !b)
		return a ? 1 : -1;
	return strcmp(a, b);
}

static int compare_symbol_lists(const struct capture_object *a, const struct capture_object *b)
{
	int order = COMPARE(a->nr_symbols, b->nr_symbols);

	for (size_t i = 0; !order && i < a->nr_symbols; i++) {
		const struct capture_symbol *left = &a->symbols[i];
		const struct capture_symbol *right = &b->symbols[i];

		order = COMPARE(left->start, right->start);
		if (!order)
			order = COMPARE(left->size, right->size);
		if (!order)
			order = compare_text(left->name, right->name);
		if (!order)
			order = compare_text(left->module, right->module);
	}
	return order;
}

static int compare_objects(const void *a, const void *b, void *context)
{
	const struct context *ctx = context;
	size_t nr;
	const struct capture_object *objects = capture_objects(ctx->capture, &nr);
	const struct capture_object *left = &objects[*(const uint32_t *)a];
	const struct capture_object *right = &objects[*(const uint32_t *)b];
	int order = COMPARE(left->kind, right->kind);

	if (!order)
		order = compare_text(left->path, right->path);
	if (!order)
		order = compare_text(left->root, right->root);
	if (!order)
		order = COMPARE(left->build_id.size, right->build_id.size);
	if (!order)
		order = memcmp(left->build_id.data, right->build_id.data, left->build_id.size);
	if (!order)
		order = COMPARE(left->file_size, right->file_size);
	return order ? order : compare_symbol_lists(left, right);
}

static int compare_processes(const void *a, const void *b, void *context)
{
	const struct context *ctx = context;
	size_t nr;
	const struct capture_process *processes = capture_processes(ctx->capture, &nr);
	const struct capture_process *left = &processes[*(const uint32_t *)a];
	const struct capture_process *right = &processes[*(const uint32_t *)b];
	int order = COMPARE(left->pid, right->pid);

	if (!order)
		order = COMPARE(left->start_ns, right->start_ns);
	if (!order)
		order = COMPARE(left->parent, right->parent);
	return order ? order : compare_text(left->comm, right->comm);
}

static int compare_locations(const void *a, const void *b, void *context)
{
	const struct context *ctx = context;
	const uint32_t *rank = ctx->order->objects.rank;
	size_t nr;
	const struct capture_location *locations = capture_locations(ctx->capture, &nr);
	const struct capture_location *left = &locations[*(const uint32_t *)a];
	const struct capture_location *right = &locations[*(const uint32_t *)b];
	int order = COMPARE(rank[left->object], rank[right->object]);

	if (!order)
		order = COMPARE(left->vaddr, right->vaddr);
	if (!order)
		order = COMPARE(left->is_return, right->is_return);
	if (!order)
		order = COMPARE(left->guessed, right->guessed);
	return order ? order : COMPARE(left->kernel, right->kernel);
}

static int compare_paths(const uint32_t *a, size_t nr_a, const uint32_t *b, size_t nr_b)
{
	for (size_t i = 0; i < nr_a && i < nr_b; i++) {
		if (a[i] != b[i])
			return COMPARE(a[i], b[i]);
	}
	return COMPARE(nr_a, nr_b);
}

static int compare_stacks(const void *a, const void *b, void *context)
{
	const struct context *ctx = context;
	const struct capture_order *ranks = ctx->order;
	uint32_t row_a = *(const uint32_t *)a;
	uint32_t row_b = *(const uint32_t *)b;
	size_t nr;
	const struct capture_stack *stacks = capture_stacks(ctx->capture, &nr);
	const struct capture_stack *left = &stacks[row_a];
	const struct capture_stack *right = &stacks[row_b];
	int order = COMPARE(ranks->processes.rank[left->process],
			    ranks->processes.rank[right->process]);

	if (!order)
		order = compare_text(left->comm, right->comm);
	if (!order)
		order = COMPARE(left->tid, right->tid);
	if (!order)
		order = COMPARE(left->probe, right->probe);
	if (!order)
		order = COMPARE(left->stop, right->stop);
	if (!order)
		order = COMPARE(left->slice, right->slice);
	if (!order)
		order = compare_paths(ranks->paths + ranks->path_start[row_a], left->nr_locations,
				      ranks->paths + ranks->path_start[row_b], right->nr_locations);
	return order;
}

static void order_rows(struct row_order *ret_order, size_t nr, compare_rows_fn *compare,
		       struct context *context)
{
	uint32_t *rows = xcalloc(nr + 1, sizeof(*rows));
	uint32_t *rank = xcalloc(nr + 1, sizeof(*rank));
	size_t distinct = 0;

	for (size_t i = 0; i < nr; i++)
		rows[i] = (uint32_t)i;
	if (nr)
		qsort_r(rows, nr, sizeof(*rows), compare, context);
	for (size_t i = 0; i < nr; i++) {
		uint32_t row = rows[i];

		if (!i || compare(&rows[distinct - 1], &row, context))
			rows[distinct++] = row;
		rank[row] = (uint32_t)(distinct - 1);
	}
	ret_order->rows = rows;
	ret_order->rank = rank;
	ret_order->nr = distinct;
}

/* Every stack as ranks, root first: neighbours in the file then begin alike, and shrink. */
static void collect_paths(struct capture_order *order, const struct capture *capture)
{
	size_t nr;
	const struct capture_stack *stacks = capture_stacks(capture, &nr);
	size_t total = 0;

	order->path_start = xcalloc(nr + 1, sizeof(*order->path_start));
	for (size_t i = 0; i < nr; i++) {
		order->path_start[i] = total;
		total += stacks[i].nr_locations;
	}
	order->paths = xcalloc(total + 1, sizeof(*order->paths));
	for (size_t i = 0; i < nr; i++) {
		uint32_t *path = order->paths + order->path_start[i];
		uint32_t depth = stacks[i].nr_locations;

		for (uint32_t j = 0; j < depth; j++)
			path[j] = order->locations.rank[stacks[i].locations[depth - 1 - j]];
	}
}

void capture_order_init(struct capture_order *order, const struct capture *capture)
{
	struct context context = {capture, order};
	size_t nr;

	capture_objects(capture, &nr);
	order_rows(&order->objects, nr, compare_objects, &context);
	capture_processes(capture, &nr);
	order_rows(&order->processes, nr, compare_processes, &context);
	capture_locations(capture, &nr);
	order_rows(&order->locations, nr, compare_locations, &context);
	collect_paths(order, capture);
	capture_stacks(capture, &nr);
	order_rows(&order->stacks, nr, compare_stacks, &context);
}

static void release_rows(struct row_order *order)
{
	free(order->rows);
	free(order->rank);
}

void capture_order_release(struct capture_order *order)
{
	release_rows(&order->objects);
	release_rows(&order->processes);
	release_rows(&order->locations);
	release_rows(&order->stacks);
	free(order->paths);
	free(order->path_start);
}
