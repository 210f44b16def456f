/* SPDX-License-Identifier: MIT */
/*
 * Makes the seeds in tests/corpus/capture: make_capture_corpus DIR.  Small captures of every object
 * kind, and damaged ones; run again when the file's version changes.
 */
#include "common/alloc.h"
#include "flamegraph/capture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fill_info(struct capture *capture, size_t nr_probes)
{
	struct capture_info *info = capture_get_info(capture);

	info->ctrace_version = "0.1.0";
	info->unit = "samples";
	info->nr_argv = 1;
	info->argv = capture_array(capture, 1, sizeof(*info->argv));
	info->argv[0] = "./prog";
	info->nr_probes = nr_probes;
	info->probes = capture_array(capture, nr_probes, sizeof(*info->probes));
	for (size_t i = 0; i < nr_probes; i++)
		info->probes[i] = i ? "uprobe:malloc" : "profile:hz:99";
	info->nr_stops = 1;
	info->stops = capture_array(capture, 1, sizeof(*info->stops));
	info->stops[0] = (struct capture_counter){"end of stack", 3, true};
}

static struct capture *small_capture(uint32_t nr_objects, uint32_t nr_stacks, uint64_t slice_ns)
{
	const struct capture_symbol symbol = {.start = 0x40, .size = 8, .name = "vfs_read"};
	struct capture *capture = capture_new();
	struct capture_process process = {.pid = 7, .comm = "prog"};

	fill_info(capture, slice_ns ? 2 : 1);
	capture_get_info(capture)->slice_ns = slice_ns;
	capture_add_process(capture, &process);
	for (uint32_t i = 0; i < nr_objects; i++) {
		const struct capture_object object = {
			.kind = (enum capture_object_kind)(i % (CAPTURE_OBJECT_NONE + 1)),
			.path = "/bin/prog",
			.build_id = {2, {1, (uint8_t)i}},
		};

		capture_add_object(capture, &object);
		capture_set_symbols(capture, i, &symbol, i % 2);
	}
	for (uint32_t i = 0; i < nr_stacks; i++) {
		const struct capture_location location = {
			.object = i % nr_objects,
			.kernel = i % 2,
			.is_return = i % 3,
			.vaddr = 0x1000u + i,
		};
		uint32_t place = capture_add_location(capture, &location);
		const uint32_t places[] = {place, 0};
		const struct capture_stack stack = {
			.comm = slice_ns && i % 4 > 1 ? "worker" : "prog",
			.probe = slice_ns ? i % 2 : 0,
			.slice = slice_ns ? i : 0,
			.count = i + 1,
			.weight = i + 1,
			.locations = places,
			.nr_locations = 1 + i % 2,
		};

		capture_add_stack(capture, &stack);
	}
	return capture;
}

static void write_file(const char *dir, const char *name, const char *data, size_t size)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
	_cleanup_fclose_ FILE *out = fopen(path, "we");

	if (!out || fwrite(data, 1, size, out) != size) {
		perror(path);
		exit(EXIT_FAILURE);
	}
}

static void write_with_slices(const char *dir)
{
	_cleanup_(capture_freep) struct capture *capture = small_capture(2, 16, 100000000);
	_cleanup_free_ char *data = NULL;
	size_t size;
	FILE *out = open_memstream(&data, &size);

	if (!out || capture_write(capture, out) < 0 || fclose(out))
		exit(EXIT_FAILURE);
	write_file(dir, "slices", data, size);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return EXIT_FAILURE;
	write_with_slices(argv[1]);
	for (uint32_t i = 0; i < 6; i++) {
		_cleanup_(capture_freep) struct capture *capture = small_capture(1 + i, i * i, 0);
		_cleanup_free_ char *name = xasprintf("objects-%" PRIu32, i + 1);
		_cleanup_free_ char *cut = xasprintf("cut-%" PRIu32, i + 1);
		_cleanup_free_ char *flipped = xasprintf("flipped-%" PRIu32, i + 1);
		char *data = NULL;
		size_t size;
		FILE *out = open_memstream(&data, &size);

		if (!out || capture_write(capture, out) < 0 || fclose(out))
			return EXIT_FAILURE;
		write_file(argv[1], name, data, size);
		write_file(argv[1], cut, data, size * (i + 1) / 7);
		data[12 + i * 9] ^= (char)(1 << i);
		write_file(argv[1], flipped, data, size);
		free(data);
	}
	return EXIT_SUCCESS;
}
