/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "unwind/code_flow.h"

#include <string.h>

#define VADDR 0x1000

/* Looks for the state of one position. */
struct look {
	uint32_t pos;
	struct flow_state found;
};

static void look_at(void *arg, uint32_t begin, uint32_t end, const struct flow_state *state)
{
	struct look *look = arg;

	assert_true(begin < end);
	if (look->pos >= begin && look->pos < end)
		look->found = *state;
}

/* What the code says of the instruction at @pos; a depth of -1 where it says nothing. */
static struct flow_state state_at(const uint8_t *code, uint32_t size, uint32_t pos)
{
	struct code_flow *flow = code_flow_new();
	struct look look = {.pos = pos, .found = {.depth = -1}};
	const uint32_t entry = 0;

	code_flow_follow(flow, code, size, VADDR, &entry, 1);
	code_flow_each(flow, look_at, &look);
	code_flow_free(flow);
	return look.found;
}

static void assert_depth(const uint8_t *code, uint32_t size, uint32_t pos, int32_t depth)
{
	struct flow_state state = state_at(code, size, pos);

	if (state.depth != depth)
		fail_msg("depth %d at %u, not %d", state.depth, pos, depth);
}

static void test_pushes_deepen_and_pops_undo(void **state)
{
	/* push %rbx; sub $16,%rsp; nop; add $16,%rsp; pop %rbx; ret */
	const uint8_t code[] = {0x53, 0x48, 0x83, 0xec, 0x10, 0x90,
				0x48, 0x83, 0xc4, 0x10, 0x5b, 0xc3};

	(void)state;
	assert_depth(code, sizeof(code), 0, 8);
	assert_depth(code, sizeof(code), 1, 16);
	assert_depth(code, sizeof(code), 5, 32);
	assert_depth(code, sizeof(code), 10, 16);
	assert_depth(code, sizeof(code), 11, 8);
}

static void test_a_frame_pointer_serves_where_the_stack_is_aligned(void **state)
{
	/* push %rbp; mov %rsp,%rbp; and $-32,%rsp; sub $64,%rsp; nop; leave; ret */
	const uint8_t code[] = {0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xe4, 0xe0,
				0x48, 0x83, 0xec, 0x40, 0x90, 0xc9, 0xc3};
	struct flow_state s = state_at(code, sizeof(code), 12);

	(void)state;
	assert_int_equal(s.frame, 16);
	assert_int_equal(s.rbp_saved, 16);
	s = state_at(code, sizeof(code), 14);
	assert_int_equal(s.frame, 0);
	assert_int_equal(s.rbp_saved, 0);
	assert_int_equal(s.depth, 8);
}

static void test_a_case_of_a_switch_is_as_deep_as_its_return_needs(void **state)
{
	/* push %rbp; push %rbx; jmp *%rax; (case:) mov %ebx,%eax; pop %rbx; pop %rbp; ret */
	const uint8_t code[] = {0x55, 0x53, 0xff, 0xe0, 0x89, 0xd8, 0x5b, 0x5d, 0xc3};
	struct flow_state s = state_at(code, sizeof(code), 4);

	(void)state;
	assert_int_equal(s.depth, 24);
	assert_int_equal(s.rbp_saved, 16);
}

static void test_what_follows_a_call_that_never_returns_is_another_function(void **state)
{
	/* push %rbx; call +10; nop; (16:) ret */
	uint8_t code[17] = {0x53, 0xe8, 10, 0, 0, 0};

	(void)state;
	memset(code + 6, 0x90, 10);
	code[16] = 0xc3;
	assert_depth(code, sizeof(code), 5, 16);
	assert_depth(code, sizeof(code), 16, 8);
}

static void test_branches_carry_the_depth_along(void **state)
{
	/* push %rbx; je 1f; pop %rbx; ret; nop; 1: pop %rbx; ret */
	const uint8_t code[] = {0x53, 0x74, 0x03, 0x5b, 0xc3, 0x90, 0x5b, 0xc3};

	(void)state;
	assert_depth(code, sizeof(code), 6, 16);
	assert_depth(code, sizeof(code), 7, 8);
}

static void test_who_clears_rbp_was_not_called(void **state)
{
	/* xor %ebp,%ebp; call *%rax; ... against push %rbp; xor %ebp,%ebp */
	const uint8_t start[] = {0x31, 0xed, 0xff, 0xd0, 0xf4};
	const uint8_t plain[] = {0x55, 0x31, 0xed, 0x5d, 0xc3};

	(void)state;
	assert_true(state_at(start, sizeof(start), 2).is_outermost);
	assert_false(state_at(plain, sizeof(plain), 3).is_outermost);
}

static void test_an_unaligned_function_begins_with_its_first_push(void **state)
{
	/* 13 bytes that return; push %r15; push %r14; (17:) push %rbp; hlt: no return to look for
	 */
	uint8_t code[] = {0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90,
			  0x90, 0x90, 0xc3, 0x41, 0x57, 0x41, 0x56, 0x55, 0xf4};

	(void)state;
	assert_depth(code, sizeof(code), 13, 8);
	assert_depth(code, sizeof(code), 15, 16);
	assert_depth(code, sizeof(code), 17, 24);
	assert_depth(code, sizeof(code), 18, 32);
}

/* The function behind a call that does not return is known by its own return. */
static void test_a_call_that_never_returns_does_not_run_into_the_next_function(void **state)
{
	/*
	 * push %rbx; test; je 1f; pop %rbx; ret; 1: call elsewhere; (12:) push %rbp; push %rbx;
	 * sub $8,%rsp; (18:) call elsewhere; add $8,%rsp; pop %rbx; pop %rbp; (29:) ret
	 */
	const uint8_t code[] = {0x53, 0x85, 0xc0, 0x74, 0x02, 0x5b, 0xc3, 0xe8, 0x00, 0x01,
				0x00, 0x00, 0x55, 0x53, 0x48, 0x83, 0xec, 0x08, 0xe8, 0x00,
				0x01, 0x00, 0x00, 0x48, 0x83, 0xc4, 0x08, 0x5b, 0x5d, 0xc3};

	(void)state;
	assert_depth(code, sizeof(code), 7, 16);
	assert_depth(code, sizeof(code), 12, 8);
	assert_depth(code, sizeof(code), 18, 32);
	assert_depth(code, sizeof(code), 29, 8);
}

static void test_a_case_that_loops_is_as_deep_as_where_the_loop_ends(void **state)
{
	/* push %rbx; sub $16,%rsp; jmp *%rax; (7:) dec %ebx; jne 7; jmp 1f; int3;
	 * 1: add $16,%rsp; pop %rbx; ret */
	const uint8_t code[] = {0x53, 0x48, 0x83, 0xec, 0x10, 0xff, 0xe0, 0xff, 0xcb, 0x75,
				0xfc, 0xeb, 0x01, 0xcc, 0x48, 0x83, 0xc4, 0x10, 0x5b, 0xc3};

	(void)state;
	assert_depth(code, sizeof(code), 7, 32);
	assert_depth(code, sizeof(code), 11, 32);
}

static void test_a_realigned_stack_is_found_by_where_its_begin_is_saved(void **state)
{
	/* lea 8(%rsp),%r10; and $-32,%rsp; push -8(%r10); push %rbp; mov %rsp,%rbp; push %r12;
	 * push %r10; sub $48,%rsp; nop; add $48,%rsp; pop %r10; pop %r12; pop %rbp;
	 * lea -8(%r10),%rsp; ret */
	const uint8_t code[] = {0x4c, 0x8d, 0x54, 0x24, 0x08, 0x48, 0x83, 0xe4, 0xe0, 0x41,
				0xff, 0x72, 0xf8, 0x55, 0x48, 0x89, 0xe5, 0x41, 0x54, 0x41,
				0x52, 0x48, 0x83, 0xec, 0x30, 0x90, 0x48, 0x83, 0xc4, 0x30,
				0x41, 0x5a, 0x41, 0x5c, 0x5d, 0x49, 0x8d, 0x62, 0xf8, 0xc3};
	struct flow_state s = state_at(code, sizeof(code), 9);

	(void)state;
	assert_int_equal(s.phase, REALIGN_BY_REGISTER);
	assert_int_equal(s.reg, 10);
	s = state_at(code, sizeof(code), 17);
	assert_int_equal(s.phase, REALIGN_FRAMED);
	s = state_at(code, sizeof(code), 25);
	assert_int_equal(s.phase, REALIGN_SAVED);
	assert_int_equal(s.slot, -16);
	s = state_at(code, sizeof(code), 35);
	assert_int_equal(s.phase, REALIGN_BY_REGISTER);
	assert_depth(code, sizeof(code), 39, 8);
}

static void test_any_bytes_come_to_an_end(void **state)
{
	uint8_t code[4096];
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 64; round++) {
		for (size_t i = 0; i < sizeof(code); i++) {
			seed = seed * 1664525 + 1013904223;
			code[i] = (uint8_t)(seed >> 24);
		}
		state_at(code, sizeof(code), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pushes_deepen_and_pops_undo),
		cmocka_unit_test(test_a_frame_pointer_serves_where_the_stack_is_aligned),
		cmocka_unit_test(test_a_case_of_a_switch_is_as_deep_as_its_return_needs),
		cmocka_unit_test(test_what_follows_a_call_that_never_returns_is_another_function),
		cmocka_unit_test(test_branches_carry_the_depth_along),
		cmocka_unit_test(test_who_clears_rbp_was_not_called),
		cmocka_unit_test(test_an_unaligned_function_begins_with_its_first_push),
		cmocka_unit_test(
			test_a_call_that_never_returns_does_not_run_into_the_next_function),
		cmocka_unit_test(test_a_case_that_loops_is_as_deep_as_where_the_loop_ends),
		cmocka_unit_test(test_a_realigned_stack_is_found_by_where_its_begin_is_saved),
		cmocka_unit_test(test_any_bytes_come_to_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
