/* SPDX-License-Identifier: MIT */
/* What probes name is found, counted, or explained in one sentence with the cure. */
#include "test.h"

#include "common/cleanup.h"
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
	check_error("uprobe:/tmp:f", -1, -EINVAL, "it is no regular file");
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

#define SHAPES "uprobe:" TARGET_DIR "/libprobe_shapes.so:"

static void check_note(const char *text, const char *phrase)
{
	struct outcome outcome = resolve(text, -1);

	if (outcome.ret < 0 || !strstr(outcome.note, phrase))
		print_error("%s: %d, '%s', '%s'\n", text, outcome.ret, outcome.error, outcome.note);
	assert_int_equal(outcome.ret, 0);
	assert_non_null(strstr(outcome.note, phrase));
}

static void check_no_note(const char *text)
{
	struct outcome outcome = resolve(text, -1);

	assert_int_equal(outcome.ret, 0);
	assert_string_equal(outcome.note, "");
}

static void test_versions_are_chosen_and_named(void **state)
{
	(void)state;
	check_points(SHAPES "area", -1, 2, 2);
	check_points(SHAPES "area@GEO_1", -1, 1, 1);
	check_points(SHAPES "area@@GEO_2", -1, 1, 1);
	check_points(SHAPES "area@GEO_*", -1, 2, 2);
	check_error(SHAPES "area@@GEO_1", -1, -ENOENT, "area@GEO_1");
	check_error(SHAPES "area@GEO_3", -1, -ENOENT, "it has area@");
	check_error(SHAPES "area@GEO_3", -1, -ENOENT, "area@@GEO_2");
}

static void test_offsets_must_begin_an_instruction(void **state)
{
	(void)state;
	check_points(SHAPES "shape_plus+3", -1, 1, 1);
	check_error(SHAPES "shape_plus+2", -1, -EINVAL,
		    "+2 is inside an instruction of 'shape_plus'; nearest are +0 and +3");
	check_points(SHAPES "shape_data_inside+16", -1, 1, 1);
	check_error(SHAPES "shape_data_inside+8", -1, -EINVAL,
		    "nothing leads there, it may be data; nearest are +6 and +16");
	check_note(SHAPES "shape_[pd]*+3", "left out 1 functions that have no instruction");
	check_error(SHAPES "shape_[pd]*+2", -1, -EINVAL, "no function has an instruction");
}

static void test_data_is_no_function(void **state)
{
	(void)state;
	check_error(SHAPES "shape_counter", -1, -ENOENT, "is data, no function");
	check_error(SHAPES "shape_label", -1, -EINVAL, "does not look like code");
	check_points(SHAPES "shape_code_label", -1, 1, 1);
}

static void test_inlined_functions_are_told_with_their_callers(void **state)
{
	(void)state;
	check_error(SHAPES "shape_inlined", -1, -ENOENT,
		    "'shape_inlined' is inlined everywhere it is called");
	check_error(SHAPES "shape_inlined", -1, -ENOENT, "probe its callers: 'shape_calls'");
}

static void test_names_of_the_same_code_are_told(void **state)
{
	(void)state;
	check_note(SHAPES "shape_twin", "'shape_twin' is the same code as 'shape_twin_of'");
	check_note(SHAPES "shape_twin_of", "stacks say 'shape_twin'");
}

static void test_parameters_make_no_second_name(void **state)
{
	static const char *const spellings[] = {"shape::full(int)", "shape::full",
						"_ZN5shape4fullEi"};

	(void)state;
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		char text[256];

		snprintf(text, sizeof(text), SHAPES "%s", spellings[i]);
		check_points(text, -1, 1, 1);
		check_no_note(text);
	}
}

static void test_clones_are_found_and_pieces_suggested(void **state)
{
	(void)state;
	check_note(SHAPES "shape_clone", "'shape_clone' is 'shape_clone.constprop.0' here");
	check_error(SHAPES "shape_cut", -1, -ENOENT, "the compiler made 'shape_cut.part.0' of it");
	check_points(SHAPES "shape_cut.part.0", -1, 1, 1);
}

static void test_function_of_a_library_suggests_it(void **state)
{
	(void)state;
	check_error("uprobe:malloc", getpid(), -ENOENT, "uprobe:libc:malloc exists");
	check_error("uprobe:libm:malloc", getpid(), -ENOENT, "uprobe:libc:malloc exists");
}

/* What is said of a probe on @text that saw nothing. */
static void check_silence(const char *text, struct probe_silence silence, const char *expected)
{
	const struct probe_environment env = {.pid = -1};
	_cleanup_free_ char *error = NULL, *note = NULL, *reason = NULL;
	struct probe *probe = NULL;

	assert_int_equal(probe_parse(text, 0, &probe, &error), 0);
	assert_int_equal(probe_resolve(probe, &env, &error, &note), 0);
	reason = probe_explain_silence(probe, &silence);
	probe_free(probe);
	if (!reason || !strstr(reason, expected))
		print_error("%s: '%s'\n", text, reason ? reason : "");
	assert_non_null(reason);
	assert_non_null(strstr(reason, expected));
}

static void test_silence_is_explained(void **state)
{
	const struct probe_silence mapped = {.was_mapped = true};
	const struct probe_silence other = {.was_mapped = true, .another = "/lib/libmine.so"};
	const struct probe_environment env = {.pid = -1};
	char *error = NULL, *note = NULL;
	struct probe *probe = NULL;

	(void)state;
	check_silence(SHAPES "shape_plus", (struct probe_silence){0}, "never loaded");
	check_silence(SHAPES "shape_plus", mapped, "'shape_plus' was never called");
	check_silence(SHAPES "shape_plus+3", mapped, "the code there never ran");
	check_silence(SHAPES "shape_*", mapped, "functions was called");
	check_silence(SHAPES "shape_plus", other, "'/lib/libmine.so' has 'shape_plus' too");
	check_silence(SHAPES "shape_both", mapped,
		      "it is inlined at 1 place, whose calls a probe does not see (in "
		      "'shape_user')");
	assert_int_equal(probe_parse("profile:hz:99", 0, &probe, &error), 0);
	assert_int_equal(probe_resolve(probe, &env, &error, &note), 0);
	assert_null(probe_explain_silence(probe, &mapped));
	probe_free(probe);
}

static void test_address_without_a_function_is_refused(void **state)
{
	(void)state;
	check_error("uprobe:" TARGET_DIR "/libgo_like_library.so:0x1001", -1, -EINVAL, "0x");
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
	check_error("tracepoint:syscalls:read", -1, -ENOENT, "'syscalls:sys_enter_read'");
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
		cmocka_unit_test(test_versions_are_chosen_and_named),
		cmocka_unit_test(test_offsets_must_begin_an_instruction),
		cmocka_unit_test(test_data_is_no_function),
		cmocka_unit_test(test_inlined_functions_are_told_with_their_callers),
		cmocka_unit_test(test_names_of_the_same_code_are_told),
		cmocka_unit_test(test_parameters_make_no_second_name),
		cmocka_unit_test(test_clones_are_found_and_pieces_suggested),
		cmocka_unit_test(test_function_of_a_library_suggests_it),
		cmocka_unit_test(test_silence_is_explained),
		cmocka_unit_test(test_address_without_a_function_is_refused),
		cmocka_unit_test(test_returns_of_go_functions_are_refused),
		cmocka_unit_test(test_tracepoints_are_found_or_suggested),
		cmocka_unit_test(test_kernel_functions_are_found_or_suggested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
