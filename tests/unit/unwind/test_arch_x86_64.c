/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "unwind/arch_x86_64.h"

#include <string.h>

static struct unwind_rule rule_of(uint64_t cfa, uint64_t regs)
{
	const struct cfi_state state = {.cfa = cfa, .regs = regs};
	struct unwind_rule rule;

	memset(&rule, 0xff, sizeof(rule));
	arch_plain_rule(&state, &rule);
	return rule;
}

static void test_every_cfa_kind_has_its_rule(void **state)
{
	struct unwind_rule rule;

	(void)state;
	assert_int_equal(rule_of(cfi_cfa(CFA_REG, DW_REG_RSP, 24), 0).cfa_kind, CFA_RSP);
	assert_int_equal(rule_of(cfi_cfa(CFA_REG, DW_REG_RSP, 24), 0).cfa_off, 24);
	assert_int_equal(rule_of(cfi_cfa(CFA_REG, DW_REG_RBP, -24), 0).cfa_kind, CFA_RBP);
	assert_int_equal(rule_of(cfi_cfa(CFA_REG, DW_REG_RBP, -24), 0).cfa_off, -24);
	rule = rule_of(cfi_cfa(CFA_REG, 15, INT32_MIN), 0);
	assert_int_equal(rule.cfa_kind, CFA_REG);
	assert_int_equal(rule.x, 15);
	assert_int_equal(rule.cfa_off, INT32_MIN);
	assert_int_equal(rule_of(cfi_cfa(CFA_PLT11, 0, 0), 0).cfa_kind, CFA_PLT11);
	assert_int_equal(rule_of(cfi_cfa(CFA_PLT10, 0, 0), 0).cfa_kind, CFA_PLT10);
	rule = rule_of(cfi_cfa(CFA_DEREF_RSP, -CFI_AUX_MAX, 16), 0);
	assert_int_equal(rule.cfa_kind, CFA_DEREF_RSP);
	assert_int_equal(rule.x, -CFI_AUX_MAX);
	assert_int_equal(rule.cfa_off, 16);
	assert_int_equal(rule_of(cfi_cfa(CFA_DEREF_RBP, 8, -8), 0).cfa_kind, CFA_DEREF_RBP);
	assert_int_equal(rule_of(cfi_cfa(CFA_RSP_R9, 0, 0), 0).cfa_kind, CFA_RSP_R9);
	assert_int_equal(
		rule_of(cfi_cfa(CFA_SIGNAL, 0, 0), cfi_with_ra(0, RA_STATE_OTHER, 0)).cfa_kind,
		CFA_SIGNAL);
	rule = rule_of(cfi_cfa_none(NONE_CFA_EXPRESSION), 0);
	assert_int_equal(rule.cfa_kind, CFA_NONE);
	assert_int_equal(rule.x, NONE_CFA_EXPRESSION);
}

static void test_every_rbp_kind_has_its_rule(void **state)
{
	static const struct {
		enum rbp_state state;
		enum rbp_kind kind;
	} pairs[] = {
		{RBP_STATE_SAVED, RBP_CFA},
		{RBP_STATE_DEREF_RBP, RBP_DEREF_RBP},
		{RBP_STATE_DEREF_RSP, RBP_DEREF_RSP},
		{RBP_STATE_REALIGN, RBP_REALIGN},
	};
	const uint64_t cfa = cfi_cfa(CFA_REG, DW_REG_RSP, 8);
	struct unwind_rule rule;

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		rule = rule_of(cfa, cfi_with_rbp(0, pairs[i].state, -48));
		assert_int_equal(rule.rbp_kind, pairs[i].kind);
		assert_int_equal(rule.rbp_off8, -6);
	}
	assert_int_equal(rule_of(cfa, 0).rbp_kind, RBP_SAME);
	assert_int_equal(rule_of(cfa, cfi_with_rbp(0, RBP_STATE_UNDEFINED, 0)).rbp_kind,
			 RBP_UNDEFINED);
	rule = rule_of(cfa, cfi_with_rbp(0, RBP_STATE_REGISTER, 12));
	assert_int_equal(rule.rbp_kind, RBP_REG);
	assert_int_equal(rule.x, 12);
	rule = rule_of(cfa, cfi_with_rbp(0, RBP_STATE_NONE, NONE_RBP_OFFSET));
	assert_int_equal(rule.cfa_kind, CFA_NONE);
	assert_int_equal(rule.x, NONE_RBP_OFFSET);
}

static void test_an_undefined_return_address_is_the_end_of_the_stack(void **state)
{
	const uint64_t undefined = cfi_with_ra(0, RA_STATE_UNDEFINED, 0);
	struct unwind_rule rule;

	(void)state;
	rule = rule_of(cfi_cfa(CFA_REG, DW_REG_RBP, 16), undefined);
	assert_int_equal(rule.cfa_kind, CFA_STOP);
	assert_int_equal(rule.x, DW_REG_RBP);
	assert_int_equal(rule.cfa_off, 16);
	assert_int_equal(rule_of(cfi_cfa_none(NONE_CFA_EXPRESSION), undefined).cfa_kind, CFA_STOP);
	/* Damaged CFI is no end of anything. */
	assert_int_equal(rule_of(cfi_cfa_none(NONE_BAD_CFI), undefined).cfa_kind, CFA_NONE);
}

static void test_one_field_serves_one_use(void **state)
{
	const uint64_t by_r10 = cfi_cfa(CFA_REG, 10, 0), by_rsp = cfi_cfa(CFA_REG, DW_REG_RSP, 8);
	const uint64_t rbp_in_r9 = cfi_with_rbp(0, RBP_STATE_REGISTER, 9);
	const uint64_t ra_in_rdi = cfi_with_ra(0, RA_STATE_REGISTER, 5);

	(void)state;
	assert_int_equal(rule_of(by_r10, rbp_in_r9).x, NONE_COMBINATION);
	assert_int_equal(rule_of(by_r10, ra_in_rdi).x, NONE_COMBINATION);
	assert_int_equal(rule_of(by_rsp, cfi_with_ra(rbp_in_r9, RA_STATE_REGISTER, 5)).x,
			 NONE_COMBINATION);
	assert_int_equal(rule_of(by_rsp, ra_in_rdi).x, 5);
	assert_int_equal(rule_of(by_rsp, ra_in_rdi).flags, RULE_RA_REGISTER);
	assert_int_equal(rule_of(by_rsp, rbp_in_r9).x, 9);
}

static void test_start_of_a_context_is_known_by_its_bytes(void **state)
{
	static const uint8_t glibc[] = {0x48, 0x89, 0xdc, 0x48, 0x8b, 0x3c,
					0x24, 0x48, 0x85, 0xff, 0x74, 0x08};
	uint8_t other[sizeof(glibc)];

	(void)state;
	assert_true(arch_is_context_start(glibc, sizeof(glibc)));
	assert_false(arch_is_context_start(glibc, 10));
	for (size_t i = 0; i < 11; i++) {
		memcpy(other, glibc, sizeof(other));
		other[i] ^= 1;
		assert_false(arch_is_context_start(other, sizeof(other)));
	}
}

static void test_signal_trampolines_are_known_by_their_bytes(void **state)
{
	static const uint8_t rax[] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};
	static const uint8_t eax[] = {0xb8, 0x0f, 0, 0, 0, 0x0f, 0x05};
	static const uint8_t other[] = {0xb8, 0x0e, 0, 0, 0, 0x0f, 0x05};

	(void)state;
	assert_int_equal(arch_signal_trampoline(rax, sizeof(rax)), sizeof(rax));
	assert_int_equal(arch_signal_trampoline(eax, sizeof(eax)), sizeof(eax));
	assert_int_equal(arch_signal_trampoline(rax, sizeof(rax) - 1), 0);
	assert_int_equal(arch_signal_trampoline(eax, sizeof(eax) - 1), 0);
	assert_int_equal(arch_signal_trampoline(other, sizeof(other)), 0);
}

static void test_a_trampoline_is_found_wherever_it_lies(void **state)
{
	static const uint8_t rax[] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};
	static const uint8_t eax[] = {0xb8, 0x0f, 0, 0, 0, 0x0f, 0x05};
	uint8_t code[100];

	(void)state;
	for (size_t size = 0; size <= sizeof(code); size++) {
		memset(code, 0x0f, sizeof(code));
		assert_int_equal(arch_find_signal_trampoline(code, size), -1);
		for (size_t at = 0; at + sizeof(rax) <= size; at++) {
			memset(code, 0x0f, sizeof(code));
			memcpy(code + at, rax, sizeof(rax));
			assert_int_equal(arch_find_signal_trampoline(code, size), at);
			memset(code, 0x05, sizeof(code));
			memcpy(code + at, eax, sizeof(eax));
			assert_int_equal(arch_find_signal_trampoline(code, size), at);
		}
	}
}

static void test_registers_have_the_psabis_numbers(void **state)
{
	(void)state;
	assert_string_equal(arch_register_name(0), "rax");
	assert_string_equal(arch_register_name(DW_REG_RBP), "rbp");
	assert_string_equal(arch_register_name(DW_REG_RSP), "rsp");
	assert_string_equal(arch_register_name(DW_REG_R9), "r9");
	assert_null(arch_register_name(16));
}

static void test_an_init_stub_needs_no_landing_pad(void **state)
{
	const uint8_t plain[] = {0x48, 0x83, 0xec, 0x08, 0x48, 0x83, 0xc4, 0x08, 0xc3};
	struct arch_init_stub stub;

	(void)state;
	assert_true(arch_find_init_stub(plain, sizeof(plain), &stub));
	assert_int_equal(stub.framed_from, 4);
	assert_int_equal(stub.framed_to, 8);
	for (size_t size = 0; size < sizeof(plain); size++)
		assert_false(arch_find_init_stub(plain, size, &stub));
}

static void test_retpolines_are_told_by_their_trap(void **state)
{
	/* call 2f; 1: pause; lfence; jmp 1b; 2: lea 8(%rsp),%rsp or mov %r11,(%rsp); ret */
	const uint8_t returns[] = {0x90, 0xe8, 7,    0,	   0,	 0,    0xf3, 0x90, 0x0f, 0xae,
				   0xe8, 0xeb, 0xf9, 0x48, 0x8d, 0x64, 0x24, 8,	   0xc3};
	const uint8_t jumps[] = {0xe8, 7,    0,	   0,	 0,    0xf3, 0x90, 0x0f, 0xae,
				 0xe8, 0xeb, 0xf9, 0x4c, 0x89, 0x1c, 0x24, 0xc3};
	struct arch_retpoline found;

	(void)state;
	assert_true(arch_find_retpoline(returns, sizeof(returns), &found));
	assert_int_equal(found.begin, 1);
	assert_int_equal(found.deep_from, 13);
	assert_int_equal(found.deep_to, 18);
	assert_int_equal(found.end, 19);
	assert_true(arch_find_retpoline(jumps, sizeof(jumps), &found));
	assert_int_equal(found.deep_from, 12);
	assert_int_equal(found.deep_to, 17);
	assert_int_equal(found.end, 17);
	for (size_t size = 0; size < sizeof(jumps); size++)
		assert_false(arch_find_retpoline(jumps, size, &found));
}

static void test_a_clone_is_told_by_its_system_call(void **state)
{
	const uint8_t glibc[] = {0x90, 0x0f, 0x05, 0x48, 0x85, 0xc0, 0x7c,
				 0x18, 0x74, 0x01, 0xc3, 0x31, 0xed};
	const uint8_t musl[] = {0x0f, 0x05, 0x85, 0xc0, 0x75, 0x0f, 0x31, 0xed};
	struct arch_clone found;

	(void)state;
	assert_true(arch_find_clone(glibc, sizeof(glibc), &found));
	assert_int_equal(found.begin, 3);
	assert_int_equal(found.end, 11);
	assert_true(arch_find_clone(musl, sizeof(musl), &found));
	assert_int_equal(found.begin, 2);
	assert_int_equal(found.end, 6);
	for (size_t size = 0; size < sizeof(musl); size++)
		assert_false(arch_find_clone(musl, size, &found));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_cfa_kind_has_its_rule),
		cmocka_unit_test(test_every_rbp_kind_has_its_rule),
		cmocka_unit_test(test_an_undefined_return_address_is_the_end_of_the_stack),
		cmocka_unit_test(test_one_field_serves_one_use),
		cmocka_unit_test(test_start_of_a_context_is_known_by_its_bytes),
		cmocka_unit_test(test_signal_trampolines_are_known_by_their_bytes),
		cmocka_unit_test(test_a_trampoline_is_found_wherever_it_lies),
		cmocka_unit_test(test_registers_have_the_psabis_numbers),
		cmocka_unit_test(test_an_init_stub_needs_no_landing_pad),
		cmocka_unit_test(test_retpolines_are_told_by_their_trap),
		cmocka_unit_test(test_a_clone_is_told_by_its_system_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
