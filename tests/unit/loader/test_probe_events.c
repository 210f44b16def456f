/* SPDX-License-Identifier: MIT */
/* Probes of the kernel's events count what the target does, on every CPU, in all its threads. */
#include "probe_testing.h"
#include "require_bpf.h"

#include "loader/cpus.h"
#include "loader/perf_event.h"
#include "loader/time.h"

#include <sched.h>

#define TARGET_ARGV(...) ARGV(arg(TARGET("probe_target")), __VA_ARGS__)

static void test_tracepoint_counts_every_hit_of_all_threads(void **state)
{
	char *const *argv = TARGET_ARGV(arg("threads"), arg("4"), arg("opens"), arg("250"));
	uint64_t none, hits;

	(void)state;
	/* what starting and ending takes is the same with and without the thousand */
	none = count_hits("tracepoint:syscalls:sys_enter_openat",
			  TARGET_ARGV(arg("threads"), arg("4"), arg("opens"), arg("0")), true,
			  true);
	hits = count_hits("t:syscalls:sys_enter_openat", argv, true, true);
	assert_int_equal(hits - none, 1000);
}

static void test_glob_of_tracepoints_counts_them_all(void **state)
{
	uint64_t hits = count_hits("tracepoint:syscalls:sys_*_openat",
				   TARGET_ARGV(arg("opens"), arg("100")), true, true);

	(void)state;
	/* the entries and the exits */
	assert_true(hits >= 200);
	assert_int_equal(hits % 2, 0);
}

static void test_every_page_fault_is_counted_in_threads_too(void **state)
{
	char *const *argv = TARGET_ARGV(arg("threads"), arg("4"), arg("faults"), arg("500"));
	uint64_t hits = count_hits("software:page-faults:1", argv, true, true);

	(void)state;
	assert_in_range(hits, 2000, 2300);
}

static void test_each_hundredth_page_fault_of_the_target_only(void **state)
{
	struct probe_run run;
	struct probe *probe;
	int status;
	pid_t pid;

	(void)state;
	probe_run_start(&run, TARGET_ARGV(arg("faults"), arg("10000")), false);
	probe = attach("software:faults:100", 0, &run.env);
	/* somebody else's faults must not bring the target's nearer */
	pid = fork();
	if (pid == 0) {
		char *const *argv = TARGET_ARGV(arg("faults"), arg("10000"));

		execv(argv[0], argv);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	probe_run_finish(&run);
	assert_in_range(count_program_hits(&run.program, 0), 100, 105);
	probe_free(probe);
	probe_run_release(&run);
}

static void test_counter_follows_children_only_when_wanted(void **state)
{
	struct probe_run run;
	struct probe *probe;
	uint64_t hits[2];

	(void)state;
	for (int follow = 0; follow < 2; follow++) {
		probe_run_start(&run,
				TARGET_ARGV(arg("threads"), arg("2"), arg("faults"), arg("5000"),
					    arg("fork"), arg("faults"), arg("20000")),
				false);
		run.env.follow_children = follow;
		/* inherited events have no cookie: see probe_attach() */
		probe = attach("software:page-faults:100", 0, &run.env);
		probe_run_finish(&run);
		hits[follow] = count_program_hits(&run.program, 0);
		probe_free(probe);
		probe_run_release(&run);
	}
	assert_in_range(hits[0], 95, 120);
	assert_in_range(hits[1], 490, 530);
}

static void test_context_switches_are_counted(void **state)
{
	uint64_t hits = count_hits("software:cs:1", TARGET_ARGV(arg("yields"), arg("200")), true,
				   true);

	(void)state;
	/* a sleep may be over before the switch */
	assert_in_range(hits, 180, 400);
}

static void test_profile_samples_at_its_rate(void **state)
{
	uint64_t hits = count_hits("profile:hz:1000", TARGET_ARGV(arg("spin"), arg("500")), true,
				   true);

	(void)state;
	/* other work may take most of the CPU away for a while */
	assert_in_range(hits, 30, 600);
	hits = count_hits("p:ms:5", TARGET_ARGV(arg("spin"), arg("500")), true, true);
	assert_in_range(hits, 6, 120);
}

static void test_profile_samples_only_the_cpus_named(void **state)
{
	struct probe_run run;
	struct probe *probe;
	int *online, first;
	cpu_set_t set;
	size_t nr;

	(void)state;
	assert_int_equal(cpus_online(&online, &nr), 0);
	first = online[0];
	if (nr < 2)
		skip();
	probe_run_start(&run, TARGET_ARGV(arg("spin"), arg("200")), true);
	CPU_ZERO(&set);
	CPU_SET(online[1], &set);
	assert_int_equal(sched_setaffinity(launch_pid(run.launch), sizeof(set), &set), 0);
	run.env.cpus = &first;
	run.env.nr_cpus = 1;
	probe = attach("profile:hz:1000", 0, &run.env);
	probe_run_finish(&run);
	assert_int_equal(count_program_hits(&run.program, 0), 0);
	probe_free(probe);
	probe_run_release(&run);
	free(online);
}

static void test_interval_samples_one_cpu(void **state)
{
	struct count_program program;
	struct probe_environment env = {.pid = -1, .prog_fd = count_program_fd, .arg = &program};
	struct probe *probe;
	uint64_t hits, began, due;

	(void)state;
	count_program_init(&program, -1);
	began = time_now_ns();
	probe = attach("interval:ms:10", 0, &env);
	usleep(500000);
	probe_disable(probe);
	/* On a busy machine the sleep is longer than asked for. */
	due = (time_now_ns() - began) / 10000000;
	hits = count_program_hits(&program, 0);
	/* Twice as many would be two CPUs. */
	assert_in_range(hits, due / 3, due + due / 3);
	usleep(100000);
	assert_int_equal(count_program_hits(&program, 0), hits);
	probe_free(probe);
	count_program_release(&program);
}

static void test_nothing_is_sampled_before_it_is_enabled(void **state)
{
	struct probe_run run;
	struct probe *probe = parse("profile:hz:1000", 0);
	char *error = NULL, *note = NULL;

	(void)state;
	probe_run_start(&run, TARGET_ARGV(arg("spin"), arg("100")), true);
	assert_int_equal(probe_resolve(probe, &run.env, &error, &note), 0);
	assert_int_equal(probe_attach(probe, &run.env, &error), 0);
	probe_run_finish(&run);
	assert_int_equal(count_program_hits(&run.program, 0), 0);
	assert_int_equal(probe_throttled(probe), 0);
	probe_free(probe);
	probe_run_release(&run);
}

static unsigned long max_sample_rate(void)
{
	FILE *file = fopen("/proc/sys/kernel/perf_event_max_sample_rate", "re");
	unsigned long rate = 0;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%lu", &rate), 1);
	fclose(file);
	return rate;
}

static void test_throttling_by_the_kernel_is_reported(void **state)
{
	struct count_program program;
	struct probe_environment env = {.pid = -1, .prog_fd = count_program_fd, .arg = &program};
	struct probe *probe;
	uint64_t throttled;
	pid_t pid;

	(void)state;
	count_program_init(&program, -1);
	/* 100,000 a second: more than many kernels still allow after a while */
	probe = attach("software:cpu-clock:10000", 0, &env);
	pid = fork();
	if (pid == 0) {
		char *const *argv = TARGET_ARGV(arg("spin"), arg("200"));

		execv(argv[0], argv);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	probe_disable(probe);
	throttled = probe_throttled(probe);
	if (max_sample_rate() < 90000)
		assert_true(throttled > 0);
	/* asked again it has not forgotten */
	assert_int_equal(probe_throttled(probe), throttled);
	probe_free(probe);
	count_program_release(&program);
}

static void test_hardware_without_counters_names_the_cure(void **state)
{
	struct count_program program;
	struct probe_environment env = {.pid = -1, .prog_fd = count_program_fd, .arg = &program};
	struct probe *probe = parse("hardware:cycles:1000000", 0);
	char *error = NULL;
	int ret;

	(void)state;
	count_program_init(&program, -1);
	ret = probe_attach(probe, &env, &error);
	if (perf_pmu_type("cpu") < 0) {
		assert_int_equal(ret, -ENODEV);
		assert_non_null(strstr(error, "profile:hz:99"));
	} else {
		assert_int_equal(ret, 0);
	}
	free(error);
	probe_free(probe);
	count_program_release(&program);
}

/* Locked-down kernels refuse every fentry program. */
static bool fentry_is_permitted(void)
{
	struct count_program program;
	int fd;

	count_program_init(&program, -1);
	fd = count_program_fd(&program, PROBE_PROGRAM_FENTRY, "do_sys_openat2");
	count_program_release(&program);
	return fd != -EPERM;
}

static void test_kernel_function_is_counted_by_kprobe_or_fentry(void **state)
{
	char *const *argv = TARGET_ARGV(arg("opens"), arg("100"));

	(void)state;
	if (perf_pmu_type("kprobe") < 0 && !fentry_is_permitted())
		skip();
	assert_in_range(count_hits("kprobe:do_sys_openat2", argv, true, true), 100, 130);
	if (fentry_is_permitted())
		assert_in_range(count_hits("fentry:do_sys_openat2", argv, true, true), 100, 130);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tracepoint_counts_every_hit_of_all_threads),
		cmocka_unit_test(test_glob_of_tracepoints_counts_them_all),
		cmocka_unit_test(test_every_page_fault_is_counted_in_threads_too),
		cmocka_unit_test(test_each_hundredth_page_fault_of_the_target_only),
		cmocka_unit_test(test_counter_follows_children_only_when_wanted),
		cmocka_unit_test(test_context_switches_are_counted),
		cmocka_unit_test(test_profile_samples_at_its_rate),
		cmocka_unit_test(test_profile_samples_only_the_cpus_named),
		cmocka_unit_test(test_interval_samples_one_cpu),
		cmocka_unit_test(test_nothing_is_sampled_before_it_is_enabled),
		cmocka_unit_test(test_throttling_by_the_kernel_is_reported),
		cmocka_unit_test(test_hardware_without_counters_names_the_cure),
		cmocka_unit_test(test_kernel_function_is_counted_by_kprobe_or_fentry),
	};

	require_bpf();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
