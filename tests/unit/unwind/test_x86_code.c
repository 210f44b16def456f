/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "unwind/x86_code.h"

struct wanted {
	enum x86_kind kind;
	unsigned int length;
	int64_t value;
	uint8_t code[16];
};

static void check(const struct wanted *wanted, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		const struct wanted *w = &wanted[i];
		struct x86_insn insn = x86_decode(w->code, sizeof(w->code));

		if (insn.kind != w->kind || insn.length != w->length || insn.value != w->value)
			fail_msg("case %zu: kind %d length %u value %ld", i, insn.kind, insn.length,
				 (long)insn.value);
	}
}

#define CHECK(...)                                  \
	check((const struct wanted[]){__VA_ARGS__}, \
	      sizeof((const struct wanted[]){__VA_ARGS__}) / sizeof(struct wanted))

static void test_what_moves_the_stack_pointer(void **state)
{
	(void)state;
	CHECK({X86_MOVE_RSP, 1, -8, {0x53}}, {X86_MOVE_RSP, 2, -8, {0x41, 0x57}},
	      {X86_MOVE_RSP, 2, 8, {0x41, 0x5f}}, {X86_MOVE_RSP, 5, -8, {0x68, 1, 2, 3, 4}},
	      {X86_MOVE_RSP, 3, -8, {0xff, 0x70, 0x08}},
	      {X86_MOVE_RSP, 4, -0x28, {0x48, 0x83, 0xec, 0x28}},
	      {X86_MOVE_RSP, 7, 0x128, {0x48, 0x81, 0xc4, 0x28, 0x01, 0, 0}},
	      {X86_MOVE_RSP, 5, 0x10, {0x48, 0x8d, 0x64, 0x24, 0x10}},
	      {X86_OTHER, 4, 0, {0x48, 0x83, 0xfc, 0x10}},
	      {X86_OTHER, 4, 0, {0x49, 0x83, 0xec, 0x10}},
	      {X86_LOSE_RSP, 4, 0, {0x48, 0x83, 0xe4, 0xf0}},
	      {X86_LOSE_RSP, 3, 0, {0x48, 0x29, 0xc4}}, {X86_LOSE_RSP, 3, 0, {0x48, 0x89, 0xc4}},
	      {X86_LOSE_RSP, 5, 0, {0x48, 0x8b, 0x64, 0x24, 0x20}},
	      {X86_OTHER, 3, 0, {0x48, 0x39, 0xc4}});
}

static void test_what_a_frame_pointer_goes_through(void **state)
{
	(void)state;
	CHECK({X86_PUSH_RBP, 1, -8, {0x55}}, {X86_POP_RBP, 1, 8, {0x5d}},
	      {X86_MOVE_RSP, 2, -8, {0x41, 0x55}}, {X86_RBP_FROM_RSP, 3, 0, {0x48, 0x89, 0xe5}},
	      {X86_RBP_FROM_RSP, 3, 0, {0x48, 0x8b, 0xec}},
	      {X86_RSP_FROM_RBP, 3, 0, {0x48, 0x89, 0xec}},
	      {X86_RSP_FROM_RBP, 4, -0x28, {0x48, 0x8d, 0x65, 0xd8}}, {X86_LEAVE, 1, 0, {0xc9}},
	      {X86_CLEAR_RBP, 2, 0, {0x31, 0xed}}, {X86_OTHER, 3, 0, {0x45, 0x31, 0xed}});
}

static void test_where_control_goes(void **state)
{
	(void)state;
	CHECK({X86_CALL, 5, 16, {0xe8, 16, 0, 0, 0}}, {X86_CALL, 2, 0, {0xff, 0xd0}},
	      {X86_CALL, 3, 0, {0x41, 0xff, 0xd1}}, {X86_JUMP, 2, -2, {0xeb, 0xfe}},
	      {X86_JUMP, 5, 0x100, {0xe9, 0, 1, 0, 0}}, {X86_BRANCH, 2, 5, {0x74, 5}},
	      {X86_BRANCH, 6, 0x10, {0x0f, 0x84, 0x10, 0, 0, 0}},
	      {X86_JUMP_AWAY, 3, 0, {0x3e, 0xff, 0xe0}}, {X86_RETURN, 1, 0, {0xc3}},
	      {X86_RETURN, 2, 0, {0xf3, 0xc3}}, {X86_TRAP, 2, 0, {0x0f, 0x0b}},
	      {X86_TRAP, 1, 0, {0xf4}}, {X86_ADDRESS, 7, 8, {0x48, 0x8d, 0x05, 8, 0, 0, 0}});
}

static void test_lengths_of_odd_instructions(void **state)
{
	(void)state;
	CHECK({X86_OTHER, 10, 0, {0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8}},
	      {X86_OTHER, 9, 0, {0xa1, 1, 2, 3, 4, 5, 6, 7, 8}},
	      {X86_OTHER, 4, 0, {0x66, 0xb8, 1, 2}}, {X86_OTHER, 6, 0, {0xf7, 0xc0, 1, 2, 3, 4}},
	      {X86_OTHER, 2, 0, {0xf7, 0xd0}}, {X86_OTHER, 4, 0, {0xc5, 0xfd, 0x6f, 0x06}},
	      {X86_OTHER, 3, 0, {0xc5, 0xf8, 0x77}},
	      {X86_OTHER, 6, 0, {0xc4, 0xe3, 0x7d, 0x39, 0xc1, 1}},
	      {X86_OTHER, 6, 0, {0x62, 0xf1, 0x7c, 0x48, 0x58, 0xc1}},
	      {X86_OTHER, 6, 0, {0x66, 0x0f, 0x3a, 0x0f, 0xc1, 8}},
	      {X86_OTHER, 9, 0, {0x64, 0x48, 0x8b, 0x04, 0x25, 0x28, 0, 0, 0}},
	      {X86_OTHER, 4, 0, {0xf3, 0x0f, 0x1e, 0xfa}}, {X86_BAD, 0, 0, {0x06}});
}

static void test_what_is_cut_off_is_none(void **state)
{
	const uint8_t call[] = {0xe8, 0, 0, 0};

	(void)state;
	for (size_t size = 0; size <= sizeof(call); size++)
		assert_int_equal(x86_decode(call, size).kind, X86_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_moves_the_stack_pointer),
		cmocka_unit_test(test_what_a_frame_pointer_goes_through),
		cmocka_unit_test(test_where_control_goes),
		cmocka_unit_test(test_lengths_of_odd_instructions),
		cmocka_unit_test(test_what_is_cut_off_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
