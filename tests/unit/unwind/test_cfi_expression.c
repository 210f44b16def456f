/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "elf_maker.h"
#include "unwind/cfi_expression.h"
#include "unwind/cfi_state.h"

#include <string.h>

#define RSP (DW_OP_breg0 + 7)
#define RBP (DW_OP_breg0 + 6)
#define R9  (DW_OP_breg0 + 9)
#define PC  (DW_OP_breg0 + 16)

static void assert_cfa(const uint8_t *code, size_t size, enum cfa_kind kind, int32_t aux,
		       int32_t off)
{
	uint64_t cfa = cfi_expression_cfa(code, size, 0);

	assert_int_equal(cfi_cfa_kind(cfa), kind);
	assert_int_equal(cfi_cfa_aux(cfa), aux);
	assert_int_equal(cfi_cfa_off(cfa), off);
}

static void test_plt_entries_of_both_layouts(void **state)
{
	(void)state;
	assert_cfa(MAKER_BYTES(RSP, 8, PC, 0, DW_OP_lit0 + 15, DW_OP_and, DW_OP_lit0 + 11, DW_OP_ge,
			       DW_OP_lit0 + 3, DW_OP_shl, DW_OP_plus),
		   CFA_PLT11, 0, 0);
	assert_cfa(MAKER_BYTES(RSP, 8, PC, 0, DW_OP_lit0 + 15, DW_OP_and, DW_OP_lit0 + 10, DW_OP_ge,
			       DW_OP_lit0 + 3, DW_OP_shl, DW_OP_plus),
		   CFA_PLT10, 0, 0);
	assert_cfa(MAKER_BYTES(RSP, 8, PC, 0, DW_OP_lit0 + 15, DW_OP_and, DW_OP_lit0 + 9, DW_OP_ge,
			       DW_OP_lit0 + 3, DW_OP_shl, DW_OP_plus),
		   CFA_NONE, NONE_CFA_EXPRESSION, 0);
}

static void test_dereferenced_registers(void **state)
{
	(void)state;
	assert_cfa(MAKER_BYTES(RBP, 0x78, DW_OP_deref), CFA_DEREF_RBP, 0, -8);
	assert_cfa(MAKER_BYTES(RBP, 0x70, DW_OP_deref, DW_OP_plus_uconst, 8), CFA_DEREF_RBP, 8,
		   -16);
	assert_cfa(MAKER_BYTES(RSP, 0x98, 4, DW_OP_deref, DW_OP_plus_uconst, 56), CFA_DEREF_RSP, 56,
		   536);
	assert_cfa(
		MAKER_BYTES(RSP, 0, DW_OP_plus_uconst, 16, DW_OP_deref, DW_OP_lit0 + 8, DW_OP_plus),
		CFA_DEREF_RSP, 8, 16);
	assert_cfa(MAKER_BYTES(RSP, 16, DW_OP_deref, DW_OP_const1u, 200, DW_OP_minus),
		   CFA_DEREF_RSP, -200, 16);
	assert_cfa(MAKER_BYTES(RSP, 16, DW_OP_deref, DW_OP_const4u, 0, 0, 0, 1, DW_OP_plus),
		   CFA_NONE, NONE_CFA_OFFSET, 0);
	assert_cfa(MAKER_BYTES(DW_OP_breg0 + 3, 16, DW_OP_deref), CFA_NONE, NONE_CFA_EXPRESSION, 0);
	assert_cfa(MAKER_BYTES(RSP, 16, DW_OP_deref, DW_OP_deref), CFA_NONE, NONE_CFA_EXPRESSION,
		   0);
}

static void test_plain_registers_are_plain_rules(void **state)
{
	(void)state;
	assert_cfa(MAKER_BYTES(RSP, 24), CFA_REG, DW_REG_RSP, 24);
	assert_cfa(MAKER_BYTES(DW_OP_bregx, 10, 0, DW_OP_nop), CFA_REG, 10, 0);
	assert_cfa(MAKER_BYTES(DW_OP_lit0 + 8, RSP, 8, DW_OP_plus), CFA_REG, DW_REG_RSP, 16);
	assert_cfa(MAKER_BYTES(PC, 0), CFA_NONE, NONE_CFA_REGISTER, 0);
	assert_cfa(MAKER_BYTES(RSP, 0x80, 0x80, 0x80, 0x80, 0x10), CFA_NONE, NONE_CFA_OFFSET, 0);
}

static void test_openssl_bignum_form(void **state)
{
	(void)state;
	assert_cfa(MAKER_BYTES(RSP, 8, R9, 0, DW_OP_lit0 + 8, DW_OP_mul, DW_OP_plus, DW_OP_deref,
			       DW_OP_plus_uconst, 8),
		   CFA_RSP_R9, 0, 0);
	assert_cfa(MAKER_BYTES(RSP, 8, R9, 0, DW_OP_lit0 + 3, DW_OP_shl, DW_OP_plus, DW_OP_deref,
			       DW_OP_plus_uconst, 8),
		   CFA_RSP_R9, 0, 0);
	assert_cfa(MAKER_BYTES(RSP, 16, R9, 0, DW_OP_lit0 + 8, DW_OP_mul, DW_OP_plus, DW_OP_deref,
			       DW_OP_plus_uconst, 8),
		   CFA_NONE, NONE_CFA_EXPRESSION, 0);
	assert_cfa(MAKER_BYTES(RSP, 8, R9, 0, DW_OP_lit0 + 4, DW_OP_mul, DW_OP_plus, DW_OP_deref,
			       DW_OP_plus_uconst, 8),
		   CFA_NONE, NONE_CFA_EXPRESSION, 0);
}

static void test_the_ucontext_form_is_a_signal_frame_only_if_the_cie_says_so(void **state)
{
	static const uint8_t code[] = {RSP, 0xa0, 1, DW_OP_deref};

	(void)state;
	assert_int_equal(cfi_cfa_kind(cfi_expression_cfa(code, sizeof(code), 1)), CFA_SIGNAL);
	assert_cfa(code, sizeof(code), CFA_DEREF_RSP, 0, 160);
}

static void assert_rbp(const uint8_t *code, size_t size, enum rbp_state kind, int32_t value)
{
	uint64_t regs = cfi_expression_rbp(code, size, 0);

	assert_int_equal(cfi_rbp_kind(regs), kind);
	assert_int_equal(cfi_rbp_value(regs), value);
}

static void test_where_rbp_is_saved(void **state)
{
	(void)state;
	assert_rbp(MAKER_BYTES(RBP, 0), RBP_STATE_DEREF_RBP, 0);
	assert_rbp(MAKER_BYTES(RSP, 40), RBP_STATE_DEREF_RSP, 40);
	assert_rbp(MAKER_BYTES(DW_OP_drop, RSP, 0), RBP_STATE_DEREF_RSP, 0);
	assert_rbp(MAKER_BYTES(DW_OP_lit0 + 16, DW_OP_minus), RBP_STATE_SAVED, -16);
	assert_rbp(MAKER_BYTES(DW_OP_lit0 + 8, DW_OP_minus, DW_OP_const4s, 0xc0, 0xff, 0xff, 0xff,
			       DW_OP_and, DW_OP_const4s, 0x78, 0xff, 0xff, 0xff, DW_OP_plus),
		   RBP_STATE_REALIGN, -136);
	assert_rbp(MAKER_BYTES(DW_OP_lit0 + 8, DW_OP_minus, DW_OP_const4u, 0xc0, 0xff, 0xff, 0xff,
			       DW_OP_and),
		   RBP_STATE_NONE, NONE_RBP_EXPRESSION);
	assert_rbp(MAKER_BYTES(RBP, 4), RBP_STATE_NONE, NONE_RBP_OFFSET);
	assert_rbp(MAKER_BYTES(DW_OP_breg0 + 3, 0), RBP_STATE_NONE, NONE_RBP_EXPRESSION);
	assert_rbp(MAKER_BYTES(DW_OP_lit0), RBP_STATE_NONE, NONE_RBP_EXPRESSION);
}

static void test_values_of_rbp_and_the_return_address(void **state)
{
	static const uint8_t saved[] = {RBP, 8, DW_OP_deref};
	static const uint8_t in_rdx[] = {DW_OP_breg0 + 1, 0};
	static const uint8_t at_cfa[] = {DW_OP_lit0 + 8, DW_OP_minus};
	uint64_t regs;

	(void)state;
	regs = cfi_value_expression_rbp(saved, sizeof(saved), 0);
	assert_int_equal(cfi_rbp_kind(regs), RBP_STATE_DEREF_RBP);
	assert_int_equal(cfi_rbp_value(regs), 8);
	regs = cfi_value_expression_rbp(in_rdx, sizeof(in_rdx), 0);
	assert_int_equal(cfi_rbp_kind(regs), RBP_STATE_REGISTER);
	assert_int_equal(cfi_rbp_value(regs), 1);
	regs = cfi_value_expression_ra(in_rdx, sizeof(in_rdx), 0);
	assert_int_equal(cfi_ra_kind(regs), RA_STATE_REGISTER);
	assert_int_equal(cfi_ra_register(regs), 1);
	regs = cfi_expression_ra(at_cfa, sizeof(at_cfa), cfi_with_ra(0, RA_STATE_OTHER, 0));
	assert_int_equal(cfi_ra_kind(regs), RA_STATE_SAVED);
	regs = cfi_expression_ra(in_rdx, sizeof(in_rdx), 0);
	assert_int_equal(cfi_ra_kind(regs), RA_STATE_OTHER);
}

static void test_damaged_and_hostile_code_is_unknown(void **state)
{
	uint8_t pushes[100];

	(void)state;
	memset(pushes, DW_OP_lit0, sizeof(pushes));
	assert_cfa(pushes, sizeof(pushes), CFA_NONE, NONE_CFA_EXPRESSION, 0);
	memset(pushes, DW_OP_dup, sizeof(pushes));
	assert_cfa(pushes, sizeof(pushes), CFA_NONE, NONE_CFA_EXPRESSION, 0);
	assert_cfa(pushes, 0, CFA_NONE, NONE_CFA_EXPRESSION, 0);
	assert_cfa(MAKER_BYTES(DW_OP_plus), CFA_NONE, NONE_CFA_EXPRESSION, 0);
	assert_cfa(MAKER_BYTES(RSP, 8, DW_OP_plus), CFA_NONE, NONE_CFA_EXPRESSION, 0);
	assert_cfa(MAKER_BYTES(RSP), CFA_NONE, NONE_CFA_EXPRESSION, 0);
	assert_cfa(MAKER_BYTES(RSP, 8, DW_OP_plus_uconst), CFA_NONE, NONE_CFA_EXPRESSION, 0);
	assert_cfa(MAKER_BYTES(RSP, 8, DW_OP_const8u, 1, 2), CFA_NONE, NONE_CFA_EXPRESSION, 0);
	assert_cfa(MAKER_BYTES(DW_OP_drop), CFA_NONE, NONE_CFA_EXPRESSION, 0);
	assert_cfa(MAKER_BYTES(0xff), CFA_NONE, NONE_CFA_EXPRESSION, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plt_entries_of_both_layouts),
		cmocka_unit_test(test_dereferenced_registers),
		cmocka_unit_test(test_plain_registers_are_plain_rules),
		cmocka_unit_test(test_openssl_bignum_form),
		cmocka_unit_test(test_the_ucontext_form_is_a_signal_frame_only_if_the_cie_says_so),
		cmocka_unit_test(test_where_rbp_is_saved),
		cmocka_unit_test(test_values_of_rbp_and_the_return_address),
		cmocka_unit_test(test_damaged_and_hostile_code_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
