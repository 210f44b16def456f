/* SPDX-License-Identifier: MIT */
/* Programs of every kind reach their entry, unchanged in what they see and how they end. */
#include "launch_testing.h"
#include "require_bpf.h"

#include "common/maps.h"
#include "loader/inherited_fds.h"
#include "loader/launch_trap.h"

#include <elf.h>
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/user.h>

static uint64_t entry_of(pid_t pid)
{
	Elf64_auxv_t aux;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/auxv", pid);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fread(&aux, sizeof(aux), 1, file) == 1 && aux.a_type != AT_NULL) {
		if (aux.a_type == AT_ENTRY) {
			fclose(file);
			return aux.a_un.a_val;
		}
	}
	fail();
	return 0;
}

static uint64_t pc_of(pid_t pid)
{
	struct user_regs_struct regs;

	assert_int_equal(ptrace(PTRACE_GETREGS, pid, NULL, &regs), 0);
	return regs.rip;
}

static int is_libc(const struct maps_entry *entry, void *unused)
{
	(void)unused;
	return strstr(entry->path, "/libc.so.6") != NULL;
}

static bool has_libc(pid_t pid)
{
	char path[64];
	FILE *file;
	int ret;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	file = fopen(path, "r");
	assert_non_null(file);
	ret = maps_parse(file, is_libc, NULL);
	fclose(file);
	return ret == 1;
}

/* A uprobe, which stands in where there are no hardware breakpoints, reports an instruction later.
 */
static uint64_t trap_distance(void)
{
	return launch_trap_breakpoints_work() ? 0 : 8;
}

static bool is_in_program(uint64_t pc, uint64_t entry)
{
	return pc - entry < 1 << 20 || entry - pc < 1 << 20;
}

/* Stopped after the linker has mapped the libraries and before any of them has run. */
static void check_start(const char *program, bool dynamic)
{
	const struct launch_options options = {.argv = ARGV(arg(program), arg("exit"), arg("7"))};
	struct output output;
	struct launch *launch = start(&options, &output);
	pid_t pid = launch_pid(launch);
	uint64_t entry = entry_of(pid);

	assert_false(dynamic && has_libc(pid));
	assert_int_equal(launch_to_start(launch), 0);
	if (!dynamic)
		assert_in_range(pc_of(pid), entry, entry + trap_distance());
	else
		assert_false(is_in_program(pc_of(pid), entry));
	assert_int_equal(dynamic, has_libc(pid));
	assert_true(launch_fork_time_ns(launch) < launch_start_time_ns(launch));
	assert_int_equal(launch_detach(launch), 0);
	assert_true(launch_start_time_ns(launch) < launch_detach_time_ns(launch));
	assert_int_equal(wait_end(launch), W_EXITCODE(7, 0));
	launch_free(launch);
	close(output.fd);
}

static void test_pie_stops_in_its_linker(void **state)
{
	(void)state;
	check_start(TARGET("launch_pie"), true);
}

static void test_non_pie_stops_in_its_linker(void **state)
{
	(void)state;
	check_start(TARGET("launch_non_pie"), true);
}

static void test_static_stops_at_its_entry(void **state)
{
	(void)state;
	check_start(TARGET("launch_static"), false);
}

static void test_static_pie_stops_at_its_entry(void **state)
{
	(void)state;
	check_start(TARGET("launch_static_pie"), false);
}

static void test_stripped_stops_in_its_linker(void **state)
{
	(void)state;
	check_start(TARGET("launch_stripped"), true);
}

static void test_first_instruction_may_be_a_jump(void **state)
{
	const struct launch_options options = {.argv = ARGV(arg(TARGET("launch_entry_jump")))};
	struct output output;
	struct launch *launch = start(&options, &output);
	uint64_t entry;

	(void)state;
	assert_int_equal(launch_to_start(launch), 0);
	entry = entry_of(launch_pid(launch));
	assert_in_range(pc_of(launch_pid(launch)), entry, entry + trap_distance());
	assert_int_equal(launch_detach(launch), 0);
	assert_int_equal(wait_end(launch), W_EXITCODE(44, 0));
	launch_free(launch);
	close(output.fd);
}

/* Its constructor is the first to run. */
static void test_libraries_have_not_run_at_the_stop(void **state)
{
	const struct launch_options options = {
		.argv = ARGV(arg(TARGET("launch_pie")), arg("exit"), arg("7"))};
	struct output output;
	struct launch *launch;

	(void)state;
	setenv("LD_PRELOAD", TARGET("liblaunch_preload.so"), 1);
	setenv("LAUNCH_UPSET", "exit", 1);
	launch = start(&options, &output);
	unsetenv("LD_PRELOAD");
	unsetenv("LAUNCH_UPSET");
	assert_int_equal(launch_to_start(launch), 0);
	assert_int_equal(launch_detach(launch), 0);
	assert_int_equal(wait_end(launch), W_EXITCODE(34, 0));
	launch_free(launch);
	close(output.fd);
}

static void test_program_ended_by_its_linker_has_its_status(void **state)
{
	const struct launch_options options = {.argv = ARGV(arg(TARGET("launch_pie")))};
	struct output output;
	struct launch *launch;

	(void)state;
	/* ld.so prints what it would map, and ends */
	setenv("LD_TRACE_LOADED_OBJECTS", "1", 1);
	launch = start(&options, &output);
	unsetenv("LD_TRACE_LOADED_OBJECTS");
	assert_int_equal(launch_to_start(launch), -ESRCH);
	assert_int_equal(wait_end(launch), 0);
	launch_free(launch);
	close(output.fd);
}

static char *show_launched(const struct launch_options *options)
{
	struct output output;
	struct launch *launch = start(options, &output);
	char *text;

	assert_int_equal(launch_to_start(launch), 0);
	assert_int_equal(launch_detach(launch), 0);
	text = read_all(output.fd);
	assert_int_equal(wait_end(launch), 0);
	launch_free(launch);
	return text;
}

/* The same program started as a shell would. */
static char *show_direct(char *const *argv)
{
	struct output output;
	int saved = redirect_stdout(&output);
	pid_t pid = fork();
	char *text;
	int status;

	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(1);
	}
	restore_stdout(saved);
	text = read_all(output.fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return text;
}

static void check_same(char *const *argv)
{
	const struct launch_options options = {.argv = argv};
	char *expected = show_direct(argv);
	char *got = show_launched(&options);

	assert_true(strlen(expected) > 200);
	assert_string_equal(got, expected);
	free(expected);
	free(got);
}

static void test_program_sees_what_it_would_see_without_us(void **state)
{
	int inherited = open("/dev/null", O_RDONLY);
	mode_t mask = umask(027);

	(void)state;
	assert_true(inherited >= 0);
	check_same(
		ARGV(arg(TARGET("launch_pie")), arg("show"), arg("two words"), arg(""), arg("ä")));
	check_same(ARGV(arg(TARGET("launch_static")), arg("show")));
	umask(mask);
	close(inherited);
}

static void test_program_keeps_inherited_descriptors_only(void **state)
{
	struct inherited_fds *fds;
	int inherited = open("/dev/null", O_RDONLY), ours;
	char *const *argv = ARGV(arg(TARGET("launch_pie")), arg("show"));
	char *expected, *got;

	(void)state;
	assert_true(inherited >= 0);
	fds = inherited_fds_find();
	expected = show_direct(argv);
	ours = open("/dev/zero", O_RDONLY);
	got = show_launched(&(struct launch_options){.argv = argv, .fds = fds});
	assert_string_equal(got, expected);
	inherited_fds_free(fds);
	close(ours);
	close(inherited);
	free(expected);
	free(got);
}

static void test_script_runs_through_its_interpreter(void **state)
{
	(void)state;
	check_same(ARGV(arg(TARGET("launch_script")), arg("one"), arg("two")));
}

static void test_program_is_found_in_path(void **state)
{
	char *before = strdup(getenv("PATH"));

	(void)state;
	setenv("PATH", "/nonexistent:/etc/passwd:" TARGET_DIR, 1);
	check_same(ARGV(arg("launch_pie"), arg("show")));
	setenv("PATH", before, 1);
	free(before);
}

static void test_program_gets_the_mask_of_the_options(void **state)
{
	char *const *argv = ARGV(arg(TARGET("launch_pie")), arg("show"));
	sigset_t wanted, mine, before;
	char *expected, *got;

	(void)state;
	/* with SIGURG blocked too, the signal of the entry trap */
	sigemptyset(&wanted);
	sigaddset(&wanted, SIGUSR2);
	sigaddset(&wanted, SIGURG);
	sigprocmask(SIG_SETMASK, &wanted, &before);
	expected = show_direct(argv);
	sigfillset(&mine);
	sigprocmask(SIG_SETMASK, &mine, NULL);
	got = show_launched(&(struct launch_options){.argv = argv, .mask = &wanted});
	sigprocmask(SIG_SETMASK, &before, NULL);
	assert_string_equal(got, expected);
	free(expected);
	free(got);
}

static void test_program_runs_as_the_user_behind_sudo(void **state)
{
	char *const *argv = ARGV(arg(TARGET("launch_static")), arg("show"));
	char *got, *home;

	(void)state;
	if (geteuid() != 0)
		skip();
	home = getenv("HOME") ? strdup(getenv("HOME")) : strdup("");
	setenv("HOME", "/root", 1);
	setenv("SHELL", "/bin/bash", 1);
	setenv("MAIL", "/var/mail/root", 1);
	setenv("SUDO_UID", "1", 1);
	setenv("SUDO_GID", "1", 1);
	setenv("SUDO_COMMAND", "ctrace", 1);
	got = show_launched(&(struct launch_options){.argv = argv});
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
	unsetenv("SUDO_COMMAND");
	unsetenv("MAIL");
	setenv("HOME", home, 1);
	assert_non_null(strstr(got, "Uid:\t1\t1\t1\t1\n"));
	assert_non_null(strstr(got, "Gid:\t1\t1\t1\t1\n"));
	assert_non_null(strstr(got, "Groups:\t1 \n"));
	assert_non_null(strstr(got, "CapEff:\t0000000000000000\n"));
	assert_non_null(strstr(got, "env HOME=/usr/sbin\n"));
	assert_non_null(strstr(got, "env USER=daemon\n"));
	assert_non_null(strstr(got, "env LOGNAME=daemon\n"));
	assert_non_null(strstr(got, "env SHELL=/usr/sbin/nologin\n"));
	assert_non_null(strstr(got, "env MAIL=/var/mail/daemon\n"));
	assert_non_null(strstr(got, "env SUDO_UID=1\n"));
	assert_non_null(strstr(got, "env SUDO_COMMAND=ctrace\n"));
	assert_null(strstr(got, "env HOME=/root\n"));
	free(got);
	free(home);
}

static void test_program_runs_as_the_user_named(void **state)
{
	char *const *argv = ARGV(arg(TARGET("launch_static")), arg("show"));
	char *got;

	(void)state;
	if (geteuid() != 0)
		skip();
	got = show_launched(&(struct launch_options){.argv = argv, .user = "nobody"});
	assert_non_null(strstr(got, "Uid:\t65534\t65534\t65534\t65534\n"));
	assert_non_null(strstr(got, "env HOME=/nonexistent\n"));
	assert_non_null(strstr(got, "env USER=nobody\n"));
	assert_non_null(strstr(got, "env LOGNAME=nobody\n"));
	free(got);
}

static int end_of(char *const *argv)
{
	struct output output;
	struct launch *launch = start(&(struct launch_options){.argv = argv}, &output);
	int ret = launch_to_start(launch), status;

	if (ret == 0)
		assert_int_equal(launch_detach(launch), 0);
	else
		assert_int_equal(ret, -ESRCH);
	status = wait_end(launch);
	/* asked again it says the same */
	assert_int_equal(launch_wait(launch, &ret), 0);
	assert_int_equal(ret, status);
	launch_free(launch);
	close(output.fd);
	return status;
}

static void test_exit_status_and_signal_come_through(void **state)
{
	(void)state;
	assert_int_equal(end_of(ARGV(arg(TARGET("launch_pie")), arg("exit"), arg("0"))), 0);
	assert_int_equal(end_of(ARGV(arg(TARGET("launch_pie")), arg("exit"), arg("255"))),
			 W_EXITCODE(255, 0));
	assert_int_equal(end_of(ARGV(arg(TARGET("launch_pie")), arg("signal"), arg("15"))),
			 SIGTERM);
	assert_int_equal(end_of(ARGV(arg(TARGET("launch_static")), arg("signal"), arg("9"))),
			 SIGKILL);
}

static int end_of_upset(const char *what)
{
	int status;

	setenv("LD_PRELOAD", TARGET("liblaunch_preload.so"), 1);
	setenv("LAUNCH_UPSET", what, 1);
	setenv("LAUNCH_AGAIN", TARGET("launch_static"), 1);
	status = end_of(ARGV(arg(TARGET("launch_pie")), arg("exit"), arg("5")));
	unsetenv("LD_PRELOAD");
	unsetenv("LAUNCH_UPSET");
	unsetenv("LAUNCH_AGAIN");
	return status;
}

static void test_constructors_before_the_entry_do_as_they_like(void **state)
{
	(void)state;
	assert_int_equal(end_of_upset("signal"), W_EXITCODE(5, 0));
	assert_int_equal(end_of_upset("thread"), W_EXITCODE(5, 0));
	assert_int_equal(end_of_upset("fork"), W_EXITCODE(5, 0));
	assert_int_equal(end_of_upset("exec"), W_EXITCODE(33, 0));
	assert_int_equal(end_of_upset("exit"), W_EXITCODE(34, 0));
}

static void test_signals_before_the_entry_are_delivered(void **state)
{
	const struct launch_options options = {
		.argv = ARGV(arg(TARGET("launch_pie")), arg("exit"), arg("0"))};
	struct output output;
	struct launch *launch = start(&options, &output);

	(void)state;
	kill(launch_pid(launch), SIGWINCH);
	kill(launch_pid(launch), SIGURG); /* a person's, not the trap's */
	kill(launch_pid(launch), SIGTERM);
	assert_int_equal(launch_to_start(launch), -ESRCH);
	assert_int_equal(launch_detach(launch), -ESRCH);
	assert_int_equal(wait_end(launch), SIGTERM);
	launch_free(launch);
	close(output.fd);
}

static char state_of(pid_t pid)
{
	char path[64], state = '?';
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (file && fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = '?';
	if (file)
		fclose(file);
	return state;
}

static void test_stopped_before_the_entry_it_waits_for_the_continue(void **state)
{
	const struct launch_options options = {
		.argv = ARGV(arg(TARGET("launch_pie")), arg("exit"), arg("9"))};
	struct output output;
	struct launch *launch = start(&options, &output);
	pid_t pid = launch_pid(launch), helper;
	int status;

	(void)state;
	kill(pid, SIGSTOP);
	helper = fork();
	if (helper == 0) {
		char seen;

		usleep(200000);
		seen = state_of(pid);
		kill(pid, SIGCONT);
		_exit(seen == 't' || seen == 'T' ? 0 : 1);
	}
	assert_int_equal(launch_to_start(launch), 0);
	assert_int_equal(waitpid(helper, &status, 0), helper);
	assert_int_equal(status, 0);
	assert_int_equal(launch_detach(launch), 0);
	assert_int_equal(wait_end(launch), W_EXITCODE(9, 0));
	launch_free(launch);
	close(output.fd);
}

static void test_stop_signal_at_the_entry_stops_it_after_the_detach(void **state)
{
	const struct launch_options options = {
		.argv = ARGV(arg(TARGET("launch_pie")), arg("exit"), arg("9"))};
	struct output output;
	struct launch *launch = start(&options, &output);
	pid_t pid = launch_pid(launch);
	siginfo_t info;

	(void)state;
	assert_int_equal(launch_to_start(launch), 0);
	kill(pid, SIGSTOP);
	assert_int_equal(launch_detach(launch), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WSTOPPED), 0);
	assert_int_equal(info.si_status, SIGSTOP);
	assert_int_equal(state_of(pid), 'T');
	kill(pid, SIGCONT);
	assert_int_equal(wait_end(launch), W_EXITCODE(9, 0));
	launch_free(launch);
	close(output.fd);
}

static void test_running_program_has_nothing_to_wait_for(void **state)
{
	const struct launch_options options = {
		.argv = ARGV(arg(TARGET("launch_pie")), arg("forever"))};
	struct output output;
	struct launch *launch = start(&options, &output);
	int status;

	(void)state;
	assert_int_equal(launch_to_start(launch), 0);
	assert_int_equal(launch_detach(launch), 0);
	assert_int_equal(launch_wait(launch, &status), -EAGAIN);
	launch_kill(launch);
	assert_int_equal(wait_end(launch), SIGKILL);
	launch_free(launch);
	close(output.fd);
}

static void test_program_not_let_go_ends_with_its_launch(void **state)
{
	const struct launch_options options = {
		.argv = ARGV(arg(TARGET("launch_pie")), arg("forever"))};
	struct output output;
	struct launch *launch = start(&options, &output);
	pid_t pid = launch_pid(launch);

	(void)state;
	assert_int_equal(launch_to_start(launch), 0);
	launch_free(launch);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
	close(output.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pie_stops_in_its_linker),
		cmocka_unit_test(test_non_pie_stops_in_its_linker),
		cmocka_unit_test(test_static_stops_at_its_entry),
		cmocka_unit_test(test_static_pie_stops_at_its_entry),
		cmocka_unit_test(test_stripped_stops_in_its_linker),
		cmocka_unit_test(test_libraries_have_not_run_at_the_stop),
		cmocka_unit_test(test_program_ended_by_its_linker_has_its_status),
		cmocka_unit_test(test_program_keeps_inherited_descriptors_only),
		cmocka_unit_test(test_first_instruction_may_be_a_jump),
		cmocka_unit_test(test_program_sees_what_it_would_see_without_us),
		cmocka_unit_test(test_script_runs_through_its_interpreter),
		cmocka_unit_test(test_program_is_found_in_path),
		cmocka_unit_test(test_program_gets_the_mask_of_the_options),
		cmocka_unit_test(test_program_runs_as_the_user_behind_sudo),
		cmocka_unit_test(test_program_runs_as_the_user_named),
		cmocka_unit_test(test_exit_status_and_signal_come_through),
		cmocka_unit_test(test_constructors_before_the_entry_do_as_they_like),
		cmocka_unit_test(test_signals_before_the_entry_are_delivered),
		cmocka_unit_test(test_stopped_before_the_entry_it_waits_for_the_continue),
		cmocka_unit_test(test_stop_signal_at_the_entry_stops_it_after_the_detach),
		cmocka_unit_test(test_running_program_has_nothing_to_wait_for),
		cmocka_unit_test(test_program_not_let_go_ends_with_its_launch),
	};

	require_bpf();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
