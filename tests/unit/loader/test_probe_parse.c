/* SPDX-License-Identifier: MIT */
/* Every spelling of a probe, and what is said of every wrong one. */
#include "test.h"

#include "loader/probe.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static struct probe *parse(const char *text)
{
	struct probe *probe = NULL;
	char *error = NULL;
	int ret = probe_parse(text, 0, &probe, &error);

	if (ret < 0)
		print_error("%s: %s\n", text, error);
	assert_int_equal(ret, 0);
	assert_string_equal(probe_text(probe), text);
	return probe;
}

static void check_good(const char *text, enum probe_program program)
{
	struct probe *probe = parse(text);

	assert_int_equal(probe_program(probe), program);
	probe_free(probe);
}

static void check_bad(const char *text, int expected, const char *phrase)
{
	struct probe *probe = NULL;
	char *error = NULL;
	int ret = probe_parse(text, 0, &probe, &error);

	if (ret != expected || !error || !strstr(error, phrase))
		print_error("'%s': %d, '%s'\n", text, ret, error);
	assert_int_equal(ret, expected);
	assert_null(probe);
	assert_non_null(error);
	assert_non_null(strstr(error, phrase));
	assert_null(strchr(error, '\n'));
	free(error);
}

static uint64_t period_of(const char *text)
{
	struct probe *probe = parse(text);
	uint64_t period = probe_period_ns(probe);

	probe_free(probe);
	return period;
}

static void test_clock_units_give_the_period(void **state)
{
	(void)state;
	assert_int_equal(period_of("profile:hz:99"), 1000000000 / 99);
	assert_int_equal(period_of("p:hz:1"), 1000000000);
	assert_int_equal(period_of("profile:ms:10"), 10000000);
	assert_int_equal(period_of("profile:us:500"), 500000);
	assert_int_equal(period_of("profile:s:2"), 2000000000);
	assert_int_equal(period_of("interval:s:1"), 1000000000);
	assert_int_equal(period_of("i:hz:10"), 100000000);
	assert_int_equal(period_of("software:cpu-clock:20000"), 0);
	assert_int_equal(period_of("uprobe:libc:malloc"), 0);
}

static void test_every_kind_in_its_long_and_short_form(void **state)
{
	(void)state;
	check_good("profile:hz:99", PROBE_PROGRAM_PERF_EVENT);
	check_good("interval:s:1", PROBE_PROGRAM_PERF_EVENT);
	check_good("software:page-faults", PROBE_PROGRAM_PERF_EVENT);
	check_good("s:faults:1", PROBE_PROGRAM_PERF_EVENT);
	check_good("hardware:cache-misses:1000", PROBE_PROGRAM_PERF_EVENT);
	check_good("h:cycles", PROBE_PROGRAM_PERF_EVENT);
	check_good("uprobe:malloc", PROBE_PROGRAM_UPROBE);
	check_good("u:libc:malloc", PROBE_PROGRAM_UPROBE);
	check_good("u:libc:malloc+4", PROBE_PROGRAM_UPROBE);
	check_good("u:libc:malloc+0x1f", PROBE_PROGRAM_UPROBE);
	check_good("uprobe:./a.out:0x1130", PROBE_PROGRAM_UPROBE);
	check_good("uprobe:ns::type::method(int)", PROBE_PROGRAM_UPROBE);
	check_good("uprobe:./a.out:ns::type::operator+", PROBE_PROGRAM_UPROBE);
	check_good("uretprobe:libc:malloc", PROBE_PROGRAM_URETPROBE);
	check_good("ur:mem*", PROBE_PROGRAM_URETPROBE);
	check_good("ur:./a.out:0x1130", PROBE_PROGRAM_URETPROBE);
	check_good("fentry:vfs_read", PROBE_PROGRAM_FENTRY);
	check_good("kfunc:vfs_read", PROBE_PROGRAM_FENTRY);
	check_good("f:vfs_*", PROBE_PROGRAM_FENTRY);
	check_good("tracepoint:sched:sched_switch", PROBE_PROGRAM_TRACEPOINT);
	check_good("t:syscalls:sys_enter_*", PROBE_PROGRAM_TRACEPOINT);
	probe_free(parse("kprobe:vfs_read"));
	probe_free(parse("k:vfs_read+16"));
}

static void test_every_software_event_of_bpftrace_is_known(void **state)
{
	static const char *const names[] = {
		"alignment-faults", "bpf-output",   "context-switches", "cs",
		"cpu-clock",	    "cpu",	    "cpu-migrations",	"dummy",
		"emulation-faults", "major-faults", "minor-faults",	"page-faults",
		"faults",	    "task-clock"};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(text, sizeof(text), "software:%s", names[i]);
		check_good(text, PROBE_PROGRAM_PERF_EVENT);
	}
}

static void test_every_hardware_event_of_bpftrace_is_known(void **state)
{
	static const char *const names[] = {
		"backend-stalls", "branch-instructions", "branches",	 "branch-misses",
		"bus-cycles",	  "cache-references",	 "cache-misses", "cpu-cycles",
		"cycles",	  "frontend-stalls",	 "instructions", "ref-cycles"};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(text, sizeof(text), "hardware:%s:100000", names[i]);
		check_good(text, PROBE_PROGRAM_PERF_EVENT);
	}
}

static void test_unknown_kind_lists_the_known_ones(void **state)
{
	(void)state;
	check_bad("nonsense:foo", -EINVAL, "profile, interval, software, hardware, uprobe");
	check_bad("malloc", -EINVAL, "profile:hz:99");
	check_bad("", -EINVAL, "profile:hz:99");
	check_bad(":foo", -EINVAL, "unknown kind ''");
	check_bad("profil:hz:99", -EINVAL, "unknown kind 'profil'");
	check_bad("profil:hz:99", -EINVAL, "did you mean profile:hz:99?");
	check_bad("libc:malloc", -EINVAL, "did you mean uprobe:libc:malloc?");
	check_bad("syscall:openat", -EINVAL, "tracepoint:syscalls:sys_enter_openat?");
	check_bad("syscalls:read", -EINVAL, "tracepoint:syscalls:sys_enter_read?");
	check_bad("usdt:foo", -EINVAL, "usdt probes are not supported yet");
	check_bad("kretprobe:foo", -EINVAL, "kprobe: is nearest");
	if (geteuid() == 0)
		check_bad("sched:sched_switch", -EINVAL,
			  "did you mean tracepoint:sched:sched_switch?");
}

static void test_clock_numbers_are_checked_and_the_range_named(void **state)
{
	(void)state;
	check_bad("profile:hz:0", -ERANGE, "hz takes 1 to ");
	check_bad("profile:hz:1000000", -ERANGE, "perf_event_max_sample_rate");
	check_bad("profile:us:1", -ERANGE, "us takes ");
	check_bad("profile:us:9", -ERANGE, "us takes ");
	check_bad("profile:s:86401", -ERANGE, "s takes 1 to 86400");
	check_bad("profile:hz:99x", -EINVAL, "is no number");
	check_bad("profile:hz:-1", -EINVAL, "is no number");
	check_bad("profile:hz:", -EINVAL, "is no number");
	check_bad("profile:hz:99999999999999999999", -ERANGE, "out of range");
	check_bad("profile:99", -EINVAL, "profile:hz:N");
	check_bad("profile:", -EINVAL, "profile:hz:N");
	check_bad("interval:min:1", -EINVAL, "interval:s:N");
}

static void test_event_names_and_counts_are_checked(void **state)
{
	(void)state;
	check_bad("software:nonsense", -EINVAL, "page-faults (faults)");
	check_bad("software:", -EINVAL, "unknown software event ''");
	check_bad("software:cycles", -EINVAL, "unknown software event");
	check_bad("hardware:page-faults", -EINVAL, "cpu-cycles (cycles)");
	check_bad("software:cs:0", -ERANGE, "from 1 to");
	check_bad("software:cs:many", -EINVAL, "must be a number");
	check_bad("software:cpu-clock:999", -ERANGE, "10000");
	check_bad("hardware:cycles:10", -ERANGE, "from 100 to");
	check_bad("software:cs:18446744073709551615", -ERANGE, "9223372036854775807");
}

static void test_function_probes_need_a_function(void **state)
{
	(void)state;
	check_bad("uprobe:", -EINVAL, "uprobe:libc:malloc");
	check_bad("uprobe:libc:", -EINVAL, "names no function");
	check_bad("uprobe::malloc", -EINVAL, "names no function");
	check_bad("uprobe:libc:malloc+99999999999", -ERANGE, "offset");
	check_bad("uprobe:libc:0", -ERANGE, "address");
	check_bad("uretprobe:", -EINVAL, "uretprobe:libc:malloc");
	check_bad("uretprobe:libc:malloc+4", -EINVAL, "without +4");
	check_bad("kprobe:", -EINVAL, "kprobe:vfs_read");
	check_bad("kprobe:a:b", -EINVAL, "names no kernel function");
	check_bad("fentry:vfs_read+4", -EINVAL, "kprobe:vfs_read+4");
}

static void test_tracepoint_needs_category_and_name(void **state)
{
	(void)state;
	check_bad("tracepoint:sched", -EINVAL, "tracepoint:sched:sched_switch");
	check_bad("tracepoint::x", -EINVAL, "category and a name");
	check_bad("tracepoint:sched:", -EINVAL, "category and a name");
	check_bad("tracepoint:a:b:c", -EINVAL, "category and a name");
}

static void test_overlong_text_is_refused(void **state)
{
	char text[5000] = "uprobe:";

	(void)state;
	memset(text + 7, 'a', sizeof(text) - 8);
	check_bad(text, -EINVAL, "too long");
}

static void test_probes_are_told_from_other_words(void **state)
{
	(void)state;
	assert_true(probe_is_spec("profile:hz:99"));
	assert_true(probe_is_spec("u:malloc"));
	assert_true(probe_is_spec("tracepoint:"));
	assert_false(probe_is_spec("report"));
	assert_false(probe_is_spec("profile"));
	assert_false(probe_is_spec("host:path"));
	assert_false(probe_is_spec(":"));
}

static void test_help_names_every_kind_with_an_example(void **state)
{
	static const char *const wanted[] = {"profile:hz|s|ms|us:N",
					     "interval:",
					     "software:EVENT[:COUNT]",
					     "hardware:",
					     "uprobe:[OBJ:]FN[+OFF]",
					     "uretprobe:[OBJ:]FN",
					     "kprobe:FN[+OFF]",
					     "fentry:FN",
					     "tracepoint:",
					     "e.g. profile:hz:99",
					     "e.g. uprobe:libc:malloc"};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	probe_print_help(out);
	fclose(out);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		assert_non_null(strstr(text, wanted[i]));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clock_units_give_the_period),
		cmocka_unit_test(test_every_kind_in_its_long_and_short_form),
		cmocka_unit_test(test_every_software_event_of_bpftrace_is_known),
		cmocka_unit_test(test_every_hardware_event_of_bpftrace_is_known),
		cmocka_unit_test(test_unknown_kind_lists_the_known_ones),
		cmocka_unit_test(test_clock_numbers_are_checked_and_the_range_named),
		cmocka_unit_test(test_event_names_and_counts_are_checked),
		cmocka_unit_test(test_function_probes_need_a_function),
		cmocka_unit_test(test_tracepoint_needs_category_and_name),
		cmocka_unit_test(test_overlong_text_is_refused),
		cmocka_unit_test(test_probes_are_told_from_other_words),
		cmocka_unit_test(test_help_names_every_kind_with_an_example),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
