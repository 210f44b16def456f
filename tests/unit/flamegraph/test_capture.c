/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "common/alloc.h"
#include "flamegraph/capture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define HEAD_SIZE 12

static const struct capture_symbol kernel_symbols[] = {
	{.start = 0xffffffff81000000, .size = 16, .name = "_stext"},
	{.start = 0xffffffff81000010, .name = "vfs_read"},
	{.start = 0xffffffffc0000000, .size = 5, .name = "nf_hook", .module = "nf_tables"},
};

/* What is added in which order: forwards and backwards must give the same file. */
static struct capture *sample_capture(bool backwards)
{
	struct capture *capture = capture_new();
	struct capture_info *info = capture_get_info(capture);
	const struct capture_object objects[] = {
		{.kind = CAPTURE_OBJECT_KERNEL, .symbols = NULL},
		{.kind = CAPTURE_OBJECT_ELF,
		 .path = "/bin/prog",
		 .root = "/srv/jail",
		 .build_id = {4, {0xde, 0xad, 0xbe, 0xef}},
		 .file_size = 4096},
		{.kind = CAPTURE_OBJECT_ELF, .path = "/lib/libc.so.6"},
	};
	const struct capture_process processes[] = {
		{.pid = 10, .parent = 1, .start_ns = 77, .comm = "prog"},
		{.pid = 11, .parent = 10, .start_ns = 78, .comm = "prog"},
	};
	uint32_t object[3], process[2], place[4];

	info->ctrace_version = "1.2.3";
	info->nr_argv = 2;
	info->argv = capture_array(capture, 2, sizeof(*info->argv));
	info->argv[0] = "./prog";
	info->argv[1] = capture_string(capture, "--x");
	info->nr_probes = 1;
	info->probes = capture_array(capture, 1, sizeof(*info->probes));
	info->probes[0] = "profile:hz:99";
	info->unit = "samples";
	info->duration_ns = 5000000000;
	info->samples = 9;
	info->nr_stops = 2;
	info->stops = capture_array(capture, 2, sizeof(*info->stops));
	info->stops[0] = (struct capture_counter){"end of stack", 8, true};
	info->stops[1] = (struct capture_counter){"read fault", 1, false};
	for (int i = 0; i < 3; i++) {
		int at = backwards ? 2 - i : i;

		object[at] = capture_add_object(capture, &objects[at]);
	}
	for (int i = 0; i < 2; i++) {
		int at = backwards ? 1 - i : i;

		process[at] = capture_add_process(capture, &processes[at]);
	}
	for (int i = 0; i < 4; i++) {
		int at = backwards ? 3 - i : i;
		const struct capture_location location = {
			.object = object[at % 3],
			.is_return = at > 1,
			.kernel = at % 3 == 0,
			.vaddr = 0x1000u * (uint64_t)at,
		};

		place[at] = capture_add_location(capture, &location);
	}
	for (int i = 0; i < 4; i++) {
		int at = backwards ? 3 - i : i;
		const uint32_t locations[] = {place[at], place[1], place[2]};
		const struct capture_stack stack = {
			.comm = at == 3 ? "thread" : "prog",
			.process = process[at % 2],
			.stop = at == 2,
			.count = 2,
			.weight = at == 1 ? 1000 : 2,
			.locations = locations,
			.nr_locations = 3,
		};

		assert_int_equal(capture_add_stack(capture, &stack), 0);
		if (at == 0)
			assert_int_equal(capture_add_stack(capture, &stack), 0);
	}
	capture_set_symbols(capture, object[0], kernel_symbols, 3);
	return capture;
}

static char *written(const struct capture *capture, size_t *ret_size)
{
	char *data = NULL;
	FILE *out = open_memstream(&data, ret_size);

	assert_int_equal(capture_write(capture, out), 0);
	fclose(out);
	return data;
}

static void test_a_capture_survives_its_file(void **state)
{
	_cleanup_(capture_freep) struct capture *capture = sample_capture(false);
	_cleanup_(capture_freep) struct capture *copy = NULL;
	_cleanup_free_ char *data = NULL;
	const struct capture_object *objects;
	const struct capture_stack *stacks;
	const struct capture_info *info;
	const struct capture_location *locations;
	size_t size, nr;

	(void)state;
	data = written(capture, &size);
	assert_int_equal(capture_read_memory(data, size, &copy), 0);
	info = capture_info(copy);
	assert_string_equal(info->argv[1], "--x");
	assert_string_equal(info->stops[1].name, "read fault");
	assert_true(info->stops[0].complete);
	assert_int_equal(info->duration_ns, 5000000000);
	assert_null(info->host);
	objects = capture_objects(copy, &nr);
	assert_int_equal(nr, 3);
	assert_string_equal(objects[0].path, "/bin/prog");
	assert_string_equal(objects[0].root, "/srv/jail");
	assert_int_equal(objects[0].build_id.data[3], 0xef);
	assert_int_equal(objects[2].kind, CAPTURE_OBJECT_KERNEL);
	assert_int_equal(objects[2].nr_symbols, 3);
	assert_string_equal(objects[2].symbols[2].module, "nf_tables");
	assert_int_equal(objects[2].symbols[1].start, 0xffffffff81000010);
	stacks = capture_stacks(copy, &nr);
	assert_int_equal(nr, 4);
	locations = capture_locations(copy, &nr);
	assert_int_equal(nr, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(stacks[i].nr_locations, 3);
		assert_int_equal(locations[stacks[i].locations[2]].vaddr, 0x2000);
		assert_true(locations[stacks[i].locations[2]].is_return);
		assert_int_equal(locations[stacks[i].locations[1]].vaddr, 0x1000);
	}
}

static void test_order_of_adding_does_not_show(void **state)
{
	_cleanup_(capture_freep) struct capture *forwards = sample_capture(false);
	_cleanup_(capture_freep) struct capture *backwards = sample_capture(true);
	_cleanup_(capture_freep) struct capture *copy = NULL;
	_cleanup_free_ char *first = NULL;
	_cleanup_free_ char *second = NULL;
	_cleanup_free_ char *third = NULL;
	size_t first_size, second_size, third_size;

	(void)state;
	first = written(forwards, &first_size);
	second = written(backwards, &second_size);
	assert_int_equal(first_size, second_size);
	assert_memory_equal(first, second, first_size);
	assert_int_equal(capture_read_memory(first, first_size, &copy), 0);
	third = written(copy, &third_size);
	assert_int_equal(first_size, third_size);
	assert_memory_equal(first, third, first_size);
}

static void test_equal_stacks_are_counted_together(void **state)
{
	_cleanup_(capture_freep) struct capture *capture = sample_capture(false);
	const struct capture_stack *stacks;
	uint64_t count = 0, weight = 0;
	size_t nr;

	(void)state;
	stacks = capture_stacks(capture, &nr);
	assert_int_equal(nr, 4);
	for (size_t i = 0; i < nr; i++) {
		count += stacks[i].count;
		weight += stacks[i].weight;
	}
	assert_int_equal(count, 10);
	assert_int_equal(weight, 1008);
}

static void test_objects_that_nothing_tells_apart_become_one(void **state)
{
	_cleanup_(capture_freep) struct capture *capture = sample_capture(false);
	_cleanup_(capture_freep) struct capture *copy = NULL;
	_cleanup_free_ char *data = NULL;
	const struct capture_object twin = {.kind = CAPTURE_OBJECT_ELF, .path = "/lib/libc.so.6"};
	struct capture_location location = {.vaddr = 0x2000, .is_return = true};
	struct capture_stack stack;
	uint32_t locations[3];
	size_t size, nr;

	(void)state;
	stack = capture_stacks(capture, &nr)[2];
	memcpy(locations, stack.locations, sizeof(locations));
	location.object = capture_add_object(capture, &twin);
	locations[2] = capture_add_location(capture, &location);
	stack.locations = locations;
	stack.count = 40;
	assert_int_equal(capture_add_stack(capture, &stack), 0);
	capture_stacks(capture, &nr);
	assert_int_equal(nr, 5);
	data = written(capture, &size);
	assert_int_equal(capture_read_memory(data, size, &copy), 0);
	capture_objects(copy, &nr);
	assert_int_equal(nr, 3);
	capture_stacks(copy, &nr);
	assert_int_equal(nr, 4);
}

static void test_what_was_not_added_is_einval(void **state)
{
	_cleanup_(capture_freep) struct capture *capture = sample_capture(false);
	uint32_t locations[CAPTURE_MAX_FRAMES + 1] = {0};
	struct capture_stack stack = {.process = 2, .locations = locations, .nr_locations = 1};
	char *data = NULL;
	size_t size;
	FILE *out = open_memstream(&data, &size);

	(void)state;
	assert_int_equal(capture_add_stack(capture, &stack), -EINVAL);
	stack.process = 0;
	locations[0] = 4;
	assert_int_equal(capture_add_stack(capture, &stack), -EINVAL);
	locations[0] = 0;
	stack.nr_locations = CAPTURE_MAX_FRAMES + 1;
	assert_int_equal(capture_add_stack(capture, &stack), -E2BIG);
	stack.nr_locations = CAPTURE_MAX_FRAMES;
	stack.stop = 2;
	assert_int_equal(capture_add_stack(capture, &stack), 0);
	assert_int_equal(capture_write(capture, out), -EINVAL);
	fclose(out);
	free(data);
}

static void test_what_is_no_capture_is_enoexec(void **state)
{
	_cleanup_(capture_freep) struct capture *copy = NULL;
	_cleanup_fclose_ FILE *empty = fopen("/dev/null", "r");

	(void)state;
	assert_int_equal(capture_read_memory("", 0, &copy), -ENOEXEC);
	assert_int_equal(capture_read_memory("main;foo 12\n", 12, &copy), -ENOEXEC);
	assert_int_equal(capture_read(empty, &copy), -ENOEXEC);
}

static void test_a_newer_version_is_eprotonosupport(void **state)
{
	_cleanup_(capture_freep) struct capture *capture = sample_capture(false);
	_cleanup_(capture_freep) struct capture *copy = NULL;
	_cleanup_free_ char *data = NULL;
	size_t size;

	(void)state;
	data = written(capture, &size);
	data[8] = CAPTURE_VERSION + 1;
	assert_int_equal(capture_read_memory(data, size, &copy), -EPROTONOSUPPORT);
}

static void add_in_slice(struct capture *capture, uint32_t slice, uint64_t count)
{
	size_t nr;
	struct capture_stack stack = capture_stacks(capture, &nr)[0];

	stack.slice = slice;
	stack.count = stack.weight = count;
	assert_int_equal(capture_add_stack(capture, &stack), 0);
}

static void test_stacks_of_two_slices_stay_apart_in_the_file(void **state)
{
	_cleanup_(capture_freep) struct capture *capture = sample_capture(false);
	_cleanup_(capture_freep) struct capture *copy = NULL;
	_cleanup_free_ char *data = NULL, *again = NULL;
	const struct capture_stack *stacks;
	uint64_t counts[8] = {0};
	size_t size, again_size, nr;

	(void)state;
	capture_get_info(capture)->slice_ns = 100000000;
	add_in_slice(capture, 7, 5);
	add_in_slice(capture, 3, 20);
	add_in_slice(capture, 7, 6);
	data = written(capture, &size);
	assert_int_equal(capture_read_memory(data, size, &copy), 0);
	assert_int_equal(capture_info(copy)->slice_ns, 100000000);
	stacks = capture_stacks(copy, &nr);
	assert_int_equal(nr, 6);
	for (size_t i = 0; i < nr; i++)
		counts[stacks[i].slice] += stacks[i].count;
	assert_int_equal(counts[0], 10);
	assert_int_equal(counts[3], 20);
	assert_int_equal(counts[7], 11);
	again = written(copy, &again_size);
	assert_int_equal(again_size, size);
	assert_memory_equal(again, data, size);
}

static void test_without_slices_a_capture_is_what_older_ones_read(void **state)
{
	_cleanup_(capture_freep) struct capture *capture = sample_capture(false);
	_cleanup_free_ char *data = NULL;
	size_t size;

	(void)state;
	data = written(capture, &size);
	assert_int_equal(data[8], 1);
}

/* A bit may also be one that means nothing (the size of zstd's window): then nothing changes. */
static void test_a_flipped_bit_never_gives_another_capture(void **state)
{
	_cleanup_(capture_freep) struct capture *capture = sample_capture(false);
	_cleanup_free_ char *data = NULL;
	size_t size, harmless = 0;

	(void)state;
	data = written(capture, &size);
	for (size_t i = 0; i < size * 8; i++) {
		_cleanup_(capture_freep) struct capture *copy = NULL;
		_cleanup_free_ char *again = NULL;
		size_t again_size;

		data[i / 8] = (char)(data[i / 8] ^ 1 << i % 8);
		if (!capture_read_memory(data, size, &copy)) {
			again = written(copy, &again_size);
			assert_int_equal(again_size, size);
			data[i / 8] = (char)(data[i / 8] ^ 1 << i % 8);
			assert_memory_equal(again, data, size);
			harmless++;
			continue;
		}
		data[i / 8] = (char)(data[i / 8] ^ 1 << i % 8);
	}
	assert_true(harmless < 16);
}

static void test_every_cut_is_noticed(void **state)
{
	_cleanup_(capture_freep) struct capture *capture = sample_capture(false);
	_cleanup_free_ char *data = NULL;
	size_t size;

	(void)state;
	data = written(capture, &size);
	for (size_t cut = 0; cut < size; cut++) {
		_cleanup_(capture_freep) struct capture *copy = NULL;

		assert_int_not_equal(capture_read_memory(data, cut, &copy), 0);
	}
}

static void test_bytes_after_the_end_are_ebadmsg(void **state)
{
	_cleanup_(capture_freep) struct capture *capture = sample_capture(false);
	_cleanup_(capture_freep) struct capture *copy = NULL;
	_cleanup_free_ char *data = NULL;
	size_t size;

	(void)state;
	data = written(capture, &size);
	data = xreallocarray(data, size + 1, 1);
	data[size] = 0;
	assert_int_equal(capture_read_memory(data, size + 1, &copy), -EBADMSG);
}

/* A file that unpacks to gigabytes of the same byte must end early, whatever it says. */
static void test_a_bomb_is_e2big(void **state)
{
	enum { BYTES = 64 << 20 };
	_cleanup_(capture_freep) struct capture *capture = sample_capture(false);
	_cleanup_(capture_freep) struct capture *copy = NULL;
	_cleanup_free_ char *data = NULL;
	_cleanup_free_ char *plain = xmalloc(BYTES);
	size_t size, packed;

	(void)state;
	data = written(capture, &size);
	/* Arguments without end: the list says 2^22, and each is no string. */
	memset(plain, 0, BYTES);
	memcpy(plain, "\x00\x80\x80\x80\x02", 5);
	data = xreallocarray(data, HEAD_SIZE + ZSTD_compressBound(BYTES), 1);
	packed = ZSTD_compress(data + HEAD_SIZE, ZSTD_compressBound(BYTES), plain, BYTES, 3);
	assert_false(ZSTD_isError(packed));
	assert_int_equal(capture_read_memory(data, HEAD_SIZE + packed, &copy), -E2BIG);
}

static void test_a_full_disk_is_reported(void **state)
{
	_cleanup_(capture_freep) struct capture *capture = sample_capture(false);
	_cleanup_fclose_ FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_int_equal(capture_write(capture, full), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_capture_survives_its_file),
		cmocka_unit_test(test_order_of_adding_does_not_show),
		cmocka_unit_test(test_equal_stacks_are_counted_together),
		cmocka_unit_test(test_objects_that_nothing_tells_apart_become_one),
		cmocka_unit_test(test_what_was_not_added_is_einval),
		cmocka_unit_test(test_what_is_no_capture_is_enoexec),
		cmocka_unit_test(test_a_newer_version_is_eprotonosupport),
		cmocka_unit_test(test_stacks_of_two_slices_stay_apart_in_the_file),
		cmocka_unit_test(test_without_slices_a_capture_is_what_older_ones_read),
		cmocka_unit_test(test_a_flipped_bit_never_gives_another_capture),
		cmocka_unit_test(test_every_cut_is_noticed),
		cmocka_unit_test(test_bytes_after_the_end_are_ebadmsg),
		cmocka_unit_test(test_a_bomb_is_e2big),
		cmocka_unit_test(test_a_full_disk_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
