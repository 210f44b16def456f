/* SPDX-License-Identifier: MIT */
/* Both kinds of trap strike once, at the entry or right behind its first instruction. */
#include "launch_testing.h"
#include "require_bpf.h"

#include "loader/launch_image.h"
#include "loader/launch_trap.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/user.h>

typedef int set_fn(pid_t pid, const struct launch_place *place, struct launch_trap *ret_trap);

static void check_trap(set_fn *set, const char *program, uint64_t max_distance, int exit_code)
{
	const struct launch_options options = {.argv = ARGV(arg(program), arg("exit"), arg("8"))};
	struct user_regs_struct regs;
	struct launch_image image;
	struct launch_trap trap;
	struct output output;
	struct launch *launch = start(&options, &output);
	pid_t pid = launch_pid(launch);
	char *error;
	int status;

	assert_int_equal(launch_image_read(pid, &image, &error), 0);
	assert_int_equal(set(pid, &image.entry, &trap), 0);
	assert_false(launch_trap_hit(&trap));
	assert_int_equal(ptrace(PTRACE_CONT, pid, NULL, NULL), 0);
	assert_int_equal(waitpid(pid, &status, __WALL), pid);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(WSTOPSIG(status), LAUNCH_TRAP_SIGNAL);
	assert_true(launch_trap_hit(&trap));
	assert_false(launch_trap_hit(&trap));
	assert_int_equal(ptrace(PTRACE_GETREGS, pid, NULL, &regs), 0);
	assert_in_range(regs.rip, image.entry.addr, image.entry.addr + max_distance);
	launch_trap_remove(&trap);
	assert_int_equal(launch_detach(launch), 0);
	assert_int_equal(wait_end(launch), W_EXITCODE(exit_code, 0));
	launch_free(launch);
	close(output.fd);
}

static void test_trap_strikes_before_the_first_instruction(void **state)
{
	(void)state;
	if (!launch_trap_breakpoints_work())
		skip();
	check_trap(launch_trap_set, TARGET("launch_pie"), 0, 8);
	check_trap(launch_trap_set, TARGET("launch_static"), 0, 8);
	check_trap(launch_trap_set, TARGET("launch_entry_jump"), 0, 44);
}

static void test_uprobe_strikes_at_most_one_instruction_later(void **state)
{
	(void)state;
	/* endbr64 and xor take 4 bytes at most; the jump has gone over one more byte */
	check_trap(launch_trap_set_uprobe, TARGET("launch_pie"), 4, 8);
	check_trap(launch_trap_set_uprobe, TARGET("launch_static"), 4, 8);
	check_trap(launch_trap_set_uprobe, TARGET("launch_entry_jump"), 8, 44);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trap_strikes_before_the_first_instruction),
		cmocka_unit_test(test_uprobe_strikes_at_most_one_instruction_later),
	};

	require_bpf();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
