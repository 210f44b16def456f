/* SPDX-License-Identifier: MIT */
#include "common/alloc.h"
#include "flamegraph/capture.h"
#include "flamegraph/capture_file.h"
#include "flamegraph/capture_order.h"
#include "flamegraph/hash_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define COMPRESSION_LEVEL 3 /* measured: level 9 saves 10 % and takes four times as long */
#define BUFFER_BYTES	  ((size_t)64 << 10)

struct writer {
	FILE *out;
	ZSTD_CCtx *zstd;
	int error; /* the first one */
	bool has_slices;

	const char **strings; /* met so far */
	size_t nr_strings, cap_strings;
	struct hash_index string_index;

	size_t used;
	uint8_t plain[BUFFER_BYTES];
	uint8_t packed[BUFFER_BYTES];
};

static void fail(struct writer *writer, int error)
{
	if (!writer->error)
		writer->error = error;
}

static void write_raw(struct writer *writer, const void *data, size_t size)
{
	if (!writer->error && size && fwrite(data, 1, size, writer->out) != size)
		fail(writer, errno ? -errno : -EIO);
}

static void compress_buffer(struct writer *writer, ZSTD_EndDirective mode)
{
	ZSTD_inBuffer in = {writer->plain, writer->used, 0};
	size_t left;

	do {
		ZSTD_outBuffer out = {writer->packed, sizeof(writer->packed), 0};

		left = ZSTD_compressStream2(writer->zstd, &out, &in, mode);
		if (ZSTD_isError(left)) {
			fail(writer, -EIO);
			break;
		}
		write_raw(writer, writer->packed, out.pos);
	} while (in.pos < in.size || (mode == ZSTD_e_end && left));
	writer->used = 0;
}

static void put_byte(struct writer *writer, uint8_t byte)
{
	if (writer->used == sizeof(writer->plain))
		compress_buffer(writer, ZSTD_e_continue);
	writer->plain[writer->used++] = byte;
}

static void put_bytes(struct writer *writer, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < size; i++)
		put_byte(writer, bytes[i]);
}

static void put_uint(struct writer *writer, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		put_byte(writer, (uint8_t)(value | 0x80));
	put_byte(writer, (uint8_t)value);
}

static void put_list(struct writer *writer, uint64_t nr, uint64_t max)
{
	if (nr > max)
		fail(writer, -E2BIG);
	put_uint(writer, nr);
}

static void put_string(struct writer *writer, const char *text)
{
	size_t len = text ? strlen(text) : 0;
	struct hash_probe probe;
	uint64_t hash;
	uint32_t row;

	if (!text) {
		put_uint(writer, 0);
		return;
	}
	hash = hash_bytes(writer->string_index.seed, text, len);
	for (row = hash_index_first(&writer->string_index, hash, &probe); row != HASH_INDEX_NONE;
	     row = hash_index_next(&writer->string_index, &probe)) {
		if (!strcmp(writer->strings[row], text)) {
			put_uint(writer, (uint64_t)row + 1);
			return;
		}
	}
	GROW_ARRAY(writer->strings, writer->nr_strings, writer->cap_strings);
	hash_index_insert(&writer->string_index, hash, (uint32_t)writer->nr_strings);
	writer->strings[writer->nr_strings++] = text;
	put_uint(writer, writer->nr_strings);
	put_list(writer, len, CAPTURE_MAX_STRING);
	put_bytes(writer, text, len);
}

static void put_strings(struct writer *writer, const char *const *strings, size_t nr)
{
	put_list(writer, nr, CAPTURE_MAX_LIST);
	for (size_t i = 0; i < nr; i++)
		put_string(writer, strings[i]);
}

static void put_counters(struct writer *writer, const struct capture_counter *counters, size_t nr)
{
	put_list(writer, nr, CAPTURE_MAX_LIST);
	for (size_t i = 0; i < nr; i++) {
		put_string(writer, counters[i].name);
		put_uint(writer, counters[i].value);
		put_uint(writer, counters[i].complete);
	}
}

static void put_info(struct writer *writer, const struct capture_info *info)
{
	put_string(writer, info->ctrace_version);
	put_strings(writer, info->argv, info->nr_argv);
	put_strings(writer, info->probes, info->nr_probes);
	put_string(writer, info->unit);
	put_string(writer, info->host);
	put_string(writer, info->kernel_release);
	put_string(writer, info->machine);
	put_uint(writer, info->start_unix_ns);
	put_uint(writer, info->duration_ns);
	put_uint(writer, info->period_ns);
	put_uint(writer, info->nr_cpus);
	put_uint(writer, info->samples);
	put_uint(writer, info->lost);
	put_uint(writer, info->guessed_frames);
	put_uint(writer, info->frames);
	put_counters(writer, info->stops, info->nr_stops);
	put_counters(writer, info->losses, info->nr_losses);
	if (info->slice_ns)
		put_uint(writer, info->slice_ns);
}

static void put_symbols(struct writer *writer, const struct capture_object *object)
{
	uint64_t last = 0;

	put_list(writer, object->nr_symbols, CAPTURE_MAX_SYMBOLS);
	for (size_t i = 0; i < object->nr_symbols; i++) {
		const struct capture_symbol *symbol = &object->symbols[i];

		put_uint(writer, symbol->start - last);
		put_uint(writer, symbol->size);
		put_string(writer, symbol->name);
		put_string(writer, symbol->module);
		last = symbol->start;
	}
}

static void put_objects(struct writer *writer, const struct capture *capture,
			const struct row_order *order)
{
	size_t nr;
	const struct capture_object *objects = capture_objects(capture, &nr);

	put_list(writer, order->nr, CAPTURE_MAX_OBJECTS);
	for (size_t i = 0; i < order->nr; i++) {
		const struct capture_object *object = &objects[order->rows[i]];

		put_uint(writer, (uint64_t)object->kind);
		put_string(writer, object->path);
		put_string(writer, object->root);
		put_uint(writer, object->build_id.size);
		put_bytes(writer, object->build_id.data, object->build_id.size);
		put_uint(writer, object->file_size);
		put_symbols(writer, object);
	}
}

static void put_processes(struct writer *writer, const struct capture *capture,
			  const struct row_order *order)
{
	size_t nr;
	const struct capture_process *processes = capture_processes(capture, &nr);

	put_list(writer, order->nr, CAPTURE_MAX_PROCESSES);
	for (size_t i = 0; i < order->nr; i++) {
		const struct capture_process *process = &processes[order->rows[i]];

		put_uint(writer, process->pid);
		put_uint(writer, process->parent);
		put_uint(writer, process->start_ns);
		put_string(writer, process->comm);
	}
}

/* Ordered by object and address, so differences are small. */
static void put_locations(struct writer *writer, const struct capture *capture,
			  const struct capture_order *order)
{
	size_t nr;
	const struct capture_location *locations = capture_locations(capture, &nr);
	uint32_t last_object = 0;
	uint64_t last_vaddr = 0;

	put_list(writer, order->locations.nr, CAPTURE_MAX_LOCATIONS);
	for (size_t i = 0; i < order->locations.nr; i++) {
		const struct capture_location *location = &locations[order->locations.rows[i]];
		uint32_t object = order->objects.rank[location->object];

		put_uint(writer, object - last_object);
		put_uint(writer, (location->is_return ? CAPTURE_LOCATION_RETURN : 0u) |
					 (location->guessed ? CAPTURE_LOCATION_GUESSED : 0u) |
					 (location->kernel ? CAPTURE_LOCATION_KERNEL : 0u));
		put_uint(writer, location->vaddr - (object == last_object ? last_vaddr : 0));
		last_object = object;
		last_vaddr = location->vaddr;
	}
}

static void put_stack(struct writer *writer, const struct capture_stack *stack,
		      const struct capture_order *order, const uint32_t *path)
{
	put_string(writer, stack->comm);
	put_uint(writer, order->processes.rank[stack->process]);
	put_uint(writer, stack->tid);
	put_uint(writer, stack->probe);
	put_uint(writer, stack->stop);
	if (writer->has_slices)
		put_uint(writer, stack->slice);
	put_uint(writer, stack->count);
	/* Mostly equal: zero; the rest wraps around. */
	put_uint(writer, stack->weight - stack->count);
	put_uint(writer, stack->nr_locations);
	for (uint32_t i = 0; i < stack->nr_locations; i++)
		put_uint(writer, path[i]);
}

/* Stacks that became equal because their objects or processes did, added up. */
static struct capture_stack *merge_stacks(const struct capture *capture,
					  const struct row_order *order)
{
	size_t nr;
	const struct capture_stack *stacks = capture_stacks(capture, &nr);
	struct capture_stack *merged = xcalloc(order->nr + 1, sizeof(*merged));

	for (size_t i = 0; i < nr; i++) {
		struct capture_stack *into = &merged[order->rank[i]];
		uint64_t count = into->count;
		uint64_t weight = into->weight;

		*into = stacks[i];
		if (__builtin_add_overflow(into->count, count, &into->count))
			into->count = UINT64_MAX;
		if (__builtin_add_overflow(into->weight, weight, &into->weight))
			into->weight = UINT64_MAX;
	}
	return merged;
}

static void put_stacks(struct writer *writer, const struct capture *capture,
		       const struct capture_order *order)
{
	_cleanup_free_ struct capture_stack *merged = merge_stacks(capture, &order->stacks);
	const struct capture_info *info = capture_info(capture);

	put_list(writer, order->stacks.nr, CAPTURE_MAX_STACKS);
	for (size_t i = 0; i < order->stacks.nr; i++) {
		const uint32_t *path = order->paths + order->path_start[order->stacks.rows[i]];

		if (merged[i].probe >= info->nr_probes || merged[i].stop >= info->nr_stops)
			fail(writer, -EINVAL);
		put_stack(writer, &merged[i], order, path);
	}
}

static void put_head(struct writer *writer)
{
	uint8_t head[CAPTURE_HEAD_SIZE] = CAPTURE_MAGIC;

	head[CAPTURE_MAGIC_SIZE] = writer->has_slices ? CAPTURE_VERSION : CAPTURE_PLAIN_VERSION;
	write_raw(writer, head, sizeof(head));
}

static void put_capture(struct writer *writer, const struct capture *capture)
{
	struct capture_order order;

	writer->has_slices = capture_info(capture)->slice_ns != 0;
	capture_order_init(&order, capture);
	put_head(writer);
	put_info(writer, capture_info(capture));
	put_objects(writer, capture, &order.objects);
	put_processes(writer, capture, &order.processes);
	put_locations(writer, capture, &order);
	put_stacks(writer, capture, &order);
	compress_buffer(writer, ZSTD_e_end);
	capture_order_release(&order);
}

int capture_write(const struct capture *capture, FILE *out)
{
	struct writer *writer = xcalloc(1, sizeof(*writer));
	int error;

	writer->out = out;
	writer->zstd = ZSTD_createCCtx();
	if (!writer->zstd)
		die_oom();
	ZSTD_CCtx_setParameter(writer->zstd, ZSTD_c_compressionLevel, COMPRESSION_LEVEL);
	ZSTD_CCtx_setParameter(writer->zstd, ZSTD_c_checksumFlag, 1);
	ZSTD_CCtx_setParameter(writer->zstd, ZSTD_c_windowLog, CAPTURE_WINDOW_LOG);
	hash_index_init(&writer->string_index);
	put_capture(writer, capture);
	if (!writer->error && fflush(out))
		fail(writer, -errno);
	error = writer->error;
	hash_index_release(&writer->string_index);
	ZSTD_freeCCtx(writer->zstd);
	free(writer->strings);
	free(writer);
	return error;
}
