/* SPDX-License-Identifier: MIT */
/*
 * Every format against tests/golden/flamegraph/sample.<name>; CTRACE_UPDATE_GOLDEN=1 rewrites them.
 * Compared unpacked, pages without script, style and data: what zlib makes of the same bytes and
 * how the engine is written is no matter of formats.
 */
#include "test.h"

#include "sample_profile.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "flamegraph/format.h"
#include "flamegraph/profile.h"
#include "flamegraph/text_stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *written_with(const struct format *format, const struct profile *profile,
			  const char *countname, size_t *ret_size)
{
	const struct format_options options = {.countname = countname};
	char *data = NULL;
	FILE *out = open_memstream(&data, ret_size);

	assert_int_equal(format->write(profile, &options, out), 0);
	assert_int_equal(fclose(out), 0);
	return data;
}

static char *written(const struct format *format, const struct profile *profile, size_t *ret_size)
{
	return written_with(format, profile, NULL, ret_size);
}

static char *unpacked(const char *data, size_t size, size_t *ret_size)
{
	_cleanup_fclose_ FILE *in = fmemopen((void *)(uintptr_t)data, size, "r");
	_cleanup_(text_stream_freep) struct text_stream *stream = text_stream_new(in);
	char *plain = NULL;
	FILE *out = open_memstream(&plain, ret_size);
	char block[4096];
	size_t got;

	do {
		assert_int_equal(text_stream_read(stream, block, sizeof(block), &got), 0);
		fwrite(block, 1, got, out);
	} while (got);
	fclose(out);
	return plain;
}

/* Takes out what stands between @open and @close. */
static void cut_out(char *text, size_t *size, const char *open, const char *close)
{
	for (char *at = text; (at = strstr(at, open));) {
		char *begin = at + strlen(open);
		char *end = strstr(begin, close);

		assert_non_null(end);
		memmove(begin, end, *size - (size_t)(end - text) + 1);
		*size -= (size_t)(end - begin);
		at = begin;
	}
}

static char *normalized(const struct format *format, const struct profile *profile,
			size_t *ret_size)
{
	size_t size;
	_cleanup_free_ char *data = written(format, profile, &size);
	char *plain = unpacked(data, size, ret_size);

	cut_out(plain, ret_size, "<style>", "</style>");
	cut_out(plain, ret_size, "<script>", "</script>");
	cut_out(plain, ret_size, "id=\"ctrace-data\">", "</script>");
	return plain;
}

static void assert_golden(const char *name, const char *data, size_t size)
{
	_cleanup_free_ char *path = xasprintf("%s/sample.%s", GOLDEN_DIR, name);
	const char *update = getenv("CTRACE_UPDATE_GOLDEN");
	_cleanup_fclose_ FILE *file = fopen(path, update && *update == '1' ? "w+" : "r");
	_cleanup_free_ char *expected = xmalloc(size + 1);

	if (!file)
		fail_msg("no %s; CTRACE_UPDATE_GOLDEN=1 makes it", path);
	if (update && *update == '1') {
		fwrite(data, 1, size, file);
		return;
	}
	if (fread(expected, 1, size + 1, file) != size || memcmp(expected, data, size) != 0)
		fail_msg("%s differs from %s; if it should, CTRACE_UPDATE_GOLDEN=1 and look at the "
			 "difference",
			 name, path);
}

static void test_every_format_writes_what_it_wrote_before(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = sample_profile();

	(void)state;
	for (const struct format *const *format = format_table(); *format; format++) {
		size_t size;
		_cleanup_free_ char *data = normalized(*format, profile, &size);

		assert_golden((*format)->name, data, size);
	}
}

static void test_writing_twice_gives_the_same_bytes(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = sample_profile();
	_cleanup_(profile_freep) struct profile *again = sample_profile();

	(void)state;
	for (const struct format *const *format = format_table(); *format; format++) {
		size_t first_size, second_size;
		_cleanup_free_ char *first = written(*format, profile, &first_size);
		_cleanup_free_ char *second = written(*format, again, &second_size);

		assert_int_equal(first_size, second_size);
		assert_memory_equal(first, second, first_size);
	}
}

static void test_nothing_counted_is_enodata(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = profile_new();
	const struct format_options options = {0};

	(void)state;
	profile_finish(profile);
	for (const struct format *const *format = format_table(); *format; format++) {
		char *data = NULL;
		size_t size;
		FILE *out = open_memstream(&data, &size);

		assert_int_equal((*format)->write(profile, &options, out), -ENODATA);
		fclose(out);
		free(data);
	}
}

static void test_a_full_disk_is_eio_or_shows_in_the_stream(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = sample_profile();
	const struct format_options options = {0};

	(void)state;
	for (const struct format *const *format = format_table(); *format; format++) {
		FILE *full = fopen("/dev/full", "w");
		int ret = (*format)->write(profile, &options, full);

		assert_true(ret == -EIO || fflush(full) == EOF);
		fclose(full);
	}
}

static bool tells(const char *format, const struct profile *profile, const char *countname,
		  const char *what)
{
	size_t size, plain_size;
	_cleanup_free_ char *data = written_with(format_by_name(format), profile, countname, &size);
	_cleanup_free_ char *plain = unpacked(data, size, &plain_size);

	return memmem(plain, plain_size, what, strlen(what)) != NULL;
}

static void test_every_format_that_has_a_unit_tells_the_chosen_one(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = sample_profile();

	(void)state;
	assert_true(tells("pprof", profile, "microseconds", "microseconds"));
	assert_false(tells("pprof", profile, "microseconds", "samples"));
	assert_true(tells("pprof", profile, "seconds", "seconds"));
	assert_true(tells("pprof", profile, "cycles", "cycles"));
	assert_true(tells("speedscope", profile, "usecs", "\"unit\":\"microseconds\""));
	assert_true(tells("speedscope", profile, "s", "\"unit\":\"seconds\""));
	assert_true(tells("speedscope", profile, "Bytes", "\"unit\":\"bytes\""));
	assert_true(tells("speedscope", profile, "cycles", "\"unit\":\"none\""));
	assert_true(tells("firefox", profile, "milliseconds", "\"weightType\":\"tracing-ms\""));
	assert_true(tells("firefox", profile, "bytes", "\"weightType\":\"bytes\""));
	assert_true(tells("callgrind", profile, "L1 misses", "events: L1_misses\n"));
	assert_true(tells("perfetto", profile, "cycles", "cycles"));
	assert_true(tells("chrome", profile, "cycles", "\"unit\":\"cycles\""));
	assert_true(tells("svg", profile, "cycles", "cycles"));
	assert_true(tells("html", profile, "cycles", "cycles"));
	assert_true(tells("tree", profile, "cycles", "150 cycles"));
	assert_true(tells("top", profile, "cycles", "150 cycles"));
}

static struct profile *heavy_profile(uint64_t weight)
{
	struct profile *profile = profile_new();
	const struct frame frames[] = {{.name = "main"}, {.name = "light"}, {.name = "heavy"}};
	const struct frame stack[] = {frames[0], frames[2]};

	assert_int_equal(profile_add(profile, frames, 2, weight), 0);
	assert_int_equal(profile_add(profile, stack, 2, weight * 3), 0);
	profile_finish(profile);
	return profile;
}

/* What weighs much may take more room than what weighs little, but there is an end to it. */
static void test_no_weight_makes_a_trace_large(void **state)
{
	static const uint64_t weights[] = {1, 1000, 1000000, 1000000000, INT64_MAX / 4};

	(void)state;
	for (size_t i = 0; i < sizeof(weights) / sizeof(weights[0]); i++) {
		_cleanup_(profile_freep) struct profile *profile = heavy_profile(weights[i]);

		for (const struct format *const *format = format_table(); *format; format++) {
			size_t size;
			_cleanup_free_ char *data = written_with(*format, profile, "seconds",
								 &size);

			assert_true(size < 200000);
		}
	}
}

static void test_the_longest_suffix_chooses(void **state)
{
	(void)state;
	assert_string_equal(format_by_suffix("x.svg")->name, "svg");
	assert_string_equal(format_by_suffix("a/b.pb.gz")->name, "pprof");
	assert_string_equal(format_by_suffix("x.firefox.json.gz")->name, "firefox");
	assert_string_equal(format_by_suffix("x.chrome.json")->name, "chrome");
	assert_string_equal(format_by_suffix("x.speedscope.json")->name, "speedscope");
	assert_null(format_by_suffix("x.json"));
	assert_null(format_by_suffix("svg"));
	assert_null(format_by_name("no such format"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_format_writes_what_it_wrote_before),
		cmocka_unit_test(test_writing_twice_gives_the_same_bytes),
		cmocka_unit_test(test_nothing_counted_is_enodata),
		cmocka_unit_test(test_a_full_disk_is_eio_or_shows_in_the_stream),
		cmocka_unit_test(test_every_format_that_has_a_unit_tells_the_chosen_one),
		cmocka_unit_test(test_no_weight_makes_a_trace_large),
		cmocka_unit_test(test_the_longest_suffix_chooses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
