/* SPDX-License-Identifier: MIT */
/* What probes name is found, counted, or explained in one sentence with the cure. */
#include "test.h"

#include "loader/perf_event.h"
#include "loader/probe.h"

#include <errno.h>
#include <linux/limits.h>
#include <string.h>
#include <unistd.h>

struct outcome {
	int ret;
	size_t nr_points;
	char error[1024], note[1024];
};

static struct outcome resolve(const char *text, pid_t pid)
{
	const struct probe_environment env = {.pid = pid, .follow_children = true};
	struct outcome outcome = {0};
	char *error = NULL, *note = NULL;
	struct probe *probe = NULL;

	assert_int_equal(probe_parse(text, 0, &probe, &error), 0);
	outcome.ret = probe_resolve(probe, &env, &error, &note);
	outcome.nr_points = probe_nr_points(probe);
	snprintf(outcome.error, sizeof(outcome.error), "%s", error ? error : "");
	snprintf(outcome.note, sizeof(outcome.note), "%s", note ? note : "");
	free(error);
	free(note);
	probe_free(probe);
	return outcome;
}

static void check_error(const char *text, pid_t pid, int expected, const char *phrase)
{
	struct outcome outcome = resolve(text, pid);

	if (outcome.ret != expected || !strstr(outcome.error, phrase))
		print_error("%s: %d, '%s'\n", text, outcome.ret, outcome.error);
	assert_int_equal(outcome.ret, expected);
	assert_non_null(strstr(outcome.error, phrase));
	assert_null(strchr(outcome.error, '\n'));
}

static void check_points(const char *text, pid_t pid, size_t least, size_t most)
{
	struct outcome outcome = resolve(text, pid);

	if (outcome.ret < 0)
		print_error("%s: %s\n", text, outcome.error);
	assert_int_equal(outcome.ret, 0);
	assert_in_range(outcome.nr_points, least, most);
}

static void test_function_of_a_library_is_one_point(void **state)
{
	(void)state;
	check_points("uprobe:libc:malloc", -1, 1, 1);
	check_points("uprobe:libc:malloc+4", getpid(), 1, 1);
	check_points("profile:hz:99", -1, 1, 1);
}

static void test_glob_is_as_many_points_as_functions(void **state)
{
	(void)state;
	check_points("uprobe:libc:getp[ip]d", -1, 1, 2);
	check_points("uprobe:libc:pthread_mutex_*", -1, 10, 100);
}

static void test_missing_function_suggests_near_names(void **state)
{
	(void)state;
	check_error("uprobe:libc:mallok", -1, -ENOENT, "did you mean 'malloc'");
	check_error("uprobe:libc:nothing_like_this_at_all", -1, -ENOENT, "there is no function");
}

static void test_missing_object_says_where_it_was_looked_for(void **state)
{
	(void)state;
	check_error("uprobe:no-such-object:f", -1, -ENOENT, "not in PATH");
	check_error("uprobe:/no/such/object:f", -1, -ENOENT, "No such file");
	check_error("uprobe:/etc/passwd:f", -1, -ENOEXEC, "no 64-bit ELF file");
}

static void test_function_without_object_needs_a_program(void **state)
{
	(void)state;
	check_error("uprobe:main", -1, -EINVAL, "uprobe:OBJ:FN");
	check_points("uprobe:main", getpid(), 1, 1);
}

static void test_offset_and_address_must_be_in_code(void **state)
{
	(void)state;
	check_error("uprobe:libc:malloc+1000000", -1, -EINVAL, "is outside of it");
	check_error("uprobe:libc:0x7fffffffffff", -1, -ENOENT, "no code at address");
	check_error("uprobe:libc:0x10", -1, -ENOENT, "no code at address");
}

static void test_function_chosen_at_run_time_is_remarked_on(void **state)
{
	struct outcome outcome = resolve("uprobe:libc:memcpy", -1);

	(void)state;
	assert_int_equal(outcome.ret, 0);
	assert_non_null(strstr(outcome.note, "chosen at run time"));
	outcome = resolve("uprobe:libc:malloc", -1);
	assert_string_equal(outcome.note, "");
}

static void test_returns_of_go_functions_are_refused(void **state)
{
	(void)state;
	check_points("uprobe:" TARGET_DIR "/libgo_like_library.so:go_like_function", -1, 1, 1);
	check_error("uretprobe:" TARGET_DIR "/libgo_like_library.so:go_like_function", -1,
		    -EOPNOTSUPP, "Go program");
	check_points("uretprobe:libc:malloc", -1, 1, 1);
}

static bool sees_tracefs(void)
{
	return geteuid() == 0;
}

static void test_tracepoints_are_found_or_suggested(void **state)
{
	(void)state;
	if (!sees_tracefs())
		skip();
	check_points("tracepoint:sched:sched_switch", -1, 1, 1);
	check_points("tracepoint:sched:sched_process_*", -1, 3, 30);
	check_error("tracepoint:sched:sched_swich", -1, -ENOENT, "'sched:sched_switch'");
	check_error("tracepoint:../..:id", -1, -ENOENT, "no tracepoint");
	check_error("tracepoint:*:*", -1, -E2BIG, "narrow it");
}

static void test_kernel_functions_are_found_or_suggested(void **state)
{
	struct outcome outcome = resolve("kprobe:vfs_read", -1);

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(outcome.ret, 0);
	assert_int_equal(outcome.nr_points, 1);
	if (perf_pmu_type("kprobe") < 0) {
		assert_non_null(strstr(outcome.note, "uses fentry"));
		check_error("kprobe:vfs_read+4", -1, -EOPNOTSUPP, "needs kprobes");
	}
	check_points("fentry:vfs_read", -1, 1, 1);
	check_points("fentry:vfs_rea[dx]*", -1, 1, 10);
	check_error("fentry:vfs_rea", -1, -ENOENT, "'vfs_read'");
	check_error("kprobe:*", -1, -E2BIG, "narrow it");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_function_of_a_library_is_one_point),
		cmocka_unit_test(test_glob_is_as_many_points_as_functions),
		cmocka_unit_test(test_missing_function_suggests_near_names),
		cmocka_unit_test(test_missing_object_says_where_it_was_looked_for),
		cmocka_unit_test(test_function_without_object_needs_a_program),
		cmocka_unit_test(test_offset_and_address_must_be_in_code),
		cmocka_unit_test(test_function_chosen_at_run_time_is_remarked_on),
		cmocka_unit_test(test_returns_of_go_functions_are_refused),
		cmocka_unit_test(test_tracepoints_are_found_or_suggested),
		cmocka_unit_test(test_kernel_functions_are_found_or_suggested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
