/* SPDX-License-Identifier: MIT */
#include "cli/stats_json.h"

#include "test.h"

#include "cli/run_figures.h"

#include <string.h>

/* What --stats writes for @figures, blanks and line ends taken out. */
static void written(const struct run_figures *figures, char *text, size_t size)
{
	char path[] = "/tmp/test_stats_json.XXXXXX";
	int fd = mkstemp(path);
	_cleanup_(output_file_freep) struct output_file *file = NULL;
	_cleanup_fclose_ FILE *in = NULL;
	size_t len = 0;
	int c;

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(stats_json_open(path, &file), 0);
	assert_int_equal(stats_json_write(figures, file), 0);
	in = fopen(path, "re");
	assert_non_null(in);
	while ((c = fgetc(in)) != EOF && len + 1 < size) {
		if (c != ' ' && c != '\n')
			text[len++] = (char)c;
	}
	text[len] = '\0';
	unlink(path);
}

static struct run_figures some_figures(const char **probes)
{
	struct run_figures figures = {.probes = probes, .nr_probes = 2, .live = true};

	figures.record.samples = 10;
	figures.record.frames = 40;
	figures.record.complete = 9;
	figures.record.stops[STOP_END_OF_STACK] = 9;
	figures.record.stops[STOP_NO_ROW] = 1;
	figures.record.losses[LOSS_MAP_FULL] = 2;
	figures.record.lost = 2;
	figures.finish_ns = 77;
	return figures;
}

static void test_ledger_is_written_by_name(void **state)
{
	const char *probes[] = {"uprobe:a", "kprobe:\"b\""};
	struct run_figures figures = some_figures(probes);
	char text[4096];

	(void)state;
	written(&figures, text, sizeof(text));
	assert_non_null(
		strstr(text, "{\"version\":1,\"probes\":[\"uprobe:a\",\"kprobe:\\\"b\\\"\"]"));
	assert_non_null(strstr(text, "\"samples\":10,\"lost\":2,\"lost_by\":{\"ring_full\":0,"
				     "\"map_full\":2,"));
	assert_non_null(strstr(text, "\"complete\":9,\"stops\":{\"end_of_stack\":9,"));
	assert_non_null(strstr(text, "\"no_row\":1"));
	assert_non_null(strstr(text, "\"finish_ns\":77"));
}

static void test_bpf_is_null_without_its_statistics(void **state)
{
	const char *probes[] = {"uprobe:a", "uprobe:b"};
	struct run_figures figures = some_figures(probes);
	char text[4096];

	(void)state;
	written(&figures, text, sizeof(text));
	assert_non_null(strstr(text, "\"bpf\":null"));
	figures.record.has_bpf = true;
	figures.record.bpf_runs = 12;
	figures.record.bpf_ns = 1000;
	written(&figures, text, sizeof(text));
	assert_non_null(strstr(text, "\"bpf\":{\"runs\":12,\"ns\":1000,\"ns_per_sample\":100.0,"
				     "\"ns_per_frame\":25.0}"));
}

static void test_no_path_opens_nothing(void **state)
{
	struct output_file *file = (struct output_file *)8;

	(void)state;
	assert_int_equal(stats_json_open(NULL, &file), 0);
	assert_null(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ledger_is_written_by_name),
		cmocka_unit_test(test_bpf_is_null_without_its_statistics),
		cmocka_unit_test(test_no_path_opens_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
