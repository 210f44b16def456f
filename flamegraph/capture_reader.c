/* SPDX-License-Identifier: MIT */
#include "common/alloc.h"
#include "flamegraph/capture.h"
#include "flamegraph/capture_file.h"
#include "flamegraph/capture_source.h"

#include <errno.h>
#include <stdlib.h>

static const char *take_string(struct capture *capture, struct capture_source *source)
{
	return capture_string(capture, capture_source_string(source));
}

/*
 * Lists grow as their elements arrive: a length alone, which costs a liar nothing, allocates
 * nothing.
 */
static const char **take_strings(struct capture *capture, struct capture_source *source,
				 size_t *ret_nr)
{
	uint64_t length = capture_source_length(source, CAPTURE_MAX_LIST);
	_cleanup_free_ const char **strings = NULL;
	size_t nr = 0, cap = 0;
	const char **kept;

	while (nr < length && !capture_source_error(source)) {
		GROW_ARRAY(strings, nr, cap);
		strings[nr++] = take_string(capture, source);
	}
	kept = capture_array(capture, nr, sizeof(*kept));
	for (size_t i = 0; i < nr; i++)
		kept[i] = strings[i] ? strings[i] : "";
	*ret_nr = nr;
	return kept;
}

static struct capture_counter *take_counters(struct capture *capture, struct capture_source *source,
					     size_t *ret_nr)
{
	uint64_t length = capture_source_length(source, CAPTURE_MAX_LIST);
	_cleanup_free_ struct capture_counter *counters = NULL;
	size_t nr = 0, cap = 0;
	struct capture_counter *kept;

	while (nr < length && !capture_source_error(source)) {
		const char *name = take_string(capture, source);

		GROW_ARRAY(counters, nr, cap);
		counters[nr].name = name ? name : "";
		counters[nr].value = capture_source_uint(source, UINT64_MAX);
		counters[nr++].complete = capture_source_uint(source, 1);
	}
	kept = capture_array(capture, nr, sizeof(*kept));
	for (size_t i = 0; i < nr; i++)
		kept[i] = counters[i];
	*ret_nr = nr;
	return kept;
}

static void read_info(struct capture *capture, struct capture_source *source)
{
	struct capture_info *info = capture_get_info(capture);

	info->ctrace_version = take_string(capture, source);
	info->argv = take_strings(capture, source, &info->nr_argv);
	info->probes = take_strings(capture, source, &info->nr_probes);
	info->unit = take_string(capture, source);
	info->host = take_string(capture, source);
	info->kernel_release = take_string(capture, source);
	info->machine = take_string(capture, source);
	info->start_unix_ns = capture_source_uint(source, UINT64_MAX);
	info->duration_ns = capture_source_uint(source, UINT64_MAX);
	info->period_ns = capture_source_uint(source, UINT64_MAX);
	info->nr_cpus = (uint32_t)capture_source_uint(source, UINT32_MAX);
	info->samples = capture_source_uint(source, UINT64_MAX);
	info->lost = capture_source_uint(source, UINT64_MAX);
	info->guessed_frames = capture_source_uint(source, UINT64_MAX);
	info->frames = capture_source_uint(source, UINT64_MAX);
	info->stops = take_counters(capture, source, &info->nr_stops);
	info->losses = take_counters(capture, source, &info->nr_losses);
	if (capture_source_version(source) > CAPTURE_PLAIN_VERSION)
		info->slice_ns = capture_source_uint(source, UINT64_MAX);
}

static void read_symbols(struct capture *capture, struct capture_source *source, uint32_t object)
{
	uint64_t length = capture_source_length(source, CAPTURE_MAX_SYMBOLS);
	_cleanup_free_ struct capture_symbol *symbols = NULL;
	size_t nr = 0, cap = 0;
	uint64_t start = 0;

	while (nr < length && !capture_source_error(source)) {
		struct capture_symbol *symbol;

		GROW_ARRAY(symbols, nr, cap);
		symbol = &symbols[nr++];
		start += capture_source_uint(source, UINT64_MAX - start);
		symbol->start = start;
		symbol->size = capture_source_uint(source, UINT64_MAX);
		symbol->name = capture_source_string(source);
		symbol->module = capture_source_string(source);
	}
	if (nr)
		capture_set_symbols(capture, object, symbols, nr);
}

static void read_objects(struct capture *capture, struct capture_source *source)
{
	uint64_t left = capture_source_length(source, CAPTURE_MAX_OBJECTS);

	for (; left && !capture_source_error(source); left--) {
		struct capture_object object = {0};

		object.kind = (enum capture_object_kind)capture_source_uint(source,
									    CAPTURE_OBJECT_NONE);
		object.path = capture_source_string(source);
		object.root = capture_source_string(source);
		object.build_id.size = (uint8_t)capture_source_uint(source, BUILD_ID_MAX);
		capture_source_bytes(source, object.build_id.data, object.build_id.size);
		object.file_size = capture_source_uint(source, UINT64_MAX);
		read_symbols(capture, source, capture_add_object(capture, &object));
	}
}

static void read_processes(struct capture *capture, struct capture_source *source)
{
	uint64_t left = capture_source_length(source, CAPTURE_MAX_PROCESSES);

	for (; left && !capture_source_error(source); left--) {
		struct capture_process process = {0};

		process.pid = (uint32_t)capture_source_uint(source, UINT32_MAX);
		process.parent = (uint32_t)capture_source_uint(source, UINT32_MAX);
		process.start_ns = capture_source_uint(source, UINT64_MAX);
		process.comm = capture_source_string(source);
		capture_add_process(capture, &process);
	}
}

/* Each must be a new one: indices would shift if two were merged. */
static void read_locations(struct capture *capture, struct capture_source *source)
{
	uint64_t length = capture_source_length(source, CAPTURE_MAX_LOCATIONS);
	struct capture_location location = {0};
	size_t nr_objects;

	capture_objects(capture, &nr_objects);
	if (length && !nr_objects)
		capture_source_fail(source, -EBADMSG);
	for (uint64_t i = 0; i < length && !capture_source_error(source); i++) {
		uint64_t step = capture_source_uint(source, nr_objects - 1 - location.object);
		uint64_t flags = capture_source_uint(source, CAPTURE_LOCATION_ALL);
		uint64_t base = step ? 0 : location.vaddr;

		location.object += (uint32_t)step;
		location.is_return = flags & CAPTURE_LOCATION_RETURN;
		location.guessed = flags & CAPTURE_LOCATION_GUESSED;
		location.kernel = flags & CAPTURE_LOCATION_KERNEL;
		location.vaddr = base + capture_source_uint(source, UINT64_MAX - base);
		if (!capture_source_error(source) && capture_add_location(capture, &location) != i)
			capture_source_fail(source, -EBADMSG);
	}
}

static void read_stack(struct capture *capture, struct capture_source *source)
{
	const struct capture_info *info = capture_info(capture);
	uint32_t locations[CAPTURE_MAX_FRAMES];
	struct capture_stack stack = {.locations = locations};
	size_t nr_processes, nr_locations;
	int ret;

	capture_processes(capture, &nr_processes);
	capture_locations(capture, &nr_locations);
	stack.comm = capture_source_string(source);
	stack.process = (uint32_t)capture_source_uint(source, nr_processes - 1);
	stack.tid = (uint32_t)capture_source_uint(source, UINT32_MAX);
	stack.probe = (uint32_t)capture_source_uint(source, info->nr_probes - 1);
	stack.stop = (uint32_t)capture_source_uint(source, info->nr_stops - 1);
	if (capture_source_version(source) > CAPTURE_PLAIN_VERSION)
		stack.slice = (uint32_t)capture_source_uint(source, UINT32_MAX);
	stack.count = capture_source_uint(source, UINT64_MAX);
	stack.weight = stack.count + capture_source_uint(source, UINT64_MAX);
	stack.nr_locations = (uint32_t)capture_source_length(source,
							     nr_locations ? CAPTURE_MAX_FRAMES : 0);
	for (uint32_t i = stack.nr_locations; i > 0; i--)
		locations[i - 1] = (uint32_t)capture_source_uint(source, nr_locations - 1);
	if (capture_source_error(source))
		return;
	ret = capture_add_stack(capture, &stack);
	if (ret < 0)
		capture_source_fail(source, ret);
}

static void read_stacks(struct capture *capture, struct capture_source *source)
{
	uint64_t left = capture_source_length(source, CAPTURE_MAX_STACKS);
	const struct capture_info *info = capture_info(capture);
	size_t nr_processes;

	capture_processes(capture, &nr_processes);
	if (left && (!nr_processes || !info->nr_probes || !info->nr_stops))
		capture_source_fail(source, -EBADMSG);
	for (; left && !capture_source_error(source); left--)
		read_stack(capture, source);
}

static int read_source(struct capture_source *source, struct capture **ret_capture)
{
	_cleanup_(capture_freep) struct capture *capture = capture_new();
	int ret;

	read_info(capture, source);
	read_objects(capture, source);
	read_processes(capture, source);
	read_locations(capture, source);
	read_stacks(capture, source);
	ret = capture_source_finish(source);
	if (ret < 0)
		return ret;
	*ret_capture = TAKE_PTR(capture);
	return 0;
}

static int read_from(FILE *file, const void *data, size_t size, struct capture **ret_capture)
{
	struct capture_source *source;
	int ret;

	ret = capture_source_open(file, data, size, &source);
	if (ret < 0)
		return ret;
	ret = read_source(source, ret_capture);
	capture_source_free(source);
	return ret;
}

int capture_read(FILE *in, struct capture **ret_capture)
{
	return read_from(in, NULL, 0, ret_capture);
}

int capture_read_memory(const void *data, size_t size, struct capture **ret_capture)
{
	return read_from(NULL, data, size, ret_capture);
}
