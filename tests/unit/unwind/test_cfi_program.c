/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "elf_maker.h"
#include "unwind/arch_x86_64.h"
#include "unwind/cfi_program.h"
#include "unwind/row_builder.h"

#include <errno.h>
#include <string.h>

#define FDE_BEGIN  0x100
#define FDE_LENGTH 0x1000

struct outcome {
	int err;
	struct row_builder rows;
};

/* CFA rsp+8, RBP at CFA-16, return address at CFA-8. */
static struct cfi_context plain_context(void)
{
	return (struct cfi_context){
		.initial = {.cfa = cfi_cfa(CFA_REG, DW_REG_RSP, 8),
			    .regs = cfi_with_rbp(0, RBP_STATE_SAVED, -16)},
		.code_align = 1,
		.data_align = -8,
		.pointer_encoding = DW_EH_PE_pcrel | DW_EH_PE_sdata4,
	};
}

static void run_in(const struct cfi_context *context, const uint8_t *code, size_t size,
		   struct outcome *out)
{
	const struct cfi_program program = {.code = code,
					    .end = code + size,
					    .vaddr = 0x8000,
					    .base = 0,
					    .start = FDE_BEGIN,
					    .from = FDE_BEGIN,
					    .to = FDE_BEGIN + FDE_LENGTH};

	row_builder_init(&out->rows, true, 4);
	out->err = cfi_program_run(&program, context, &out->rows);
	row_builder_flush(&out->rows, UINT32_MAX);
}

/* The rule at FDE_BEGIN + @off after @code. */
static struct unwind_rule rule_after(uint32_t off, const uint8_t *code, size_t size)
{
	const struct cfi_context context = plain_context();
	struct unwind_rule rule = {.cfa_kind = 0xff};
	struct outcome out;

	run_in(&context, code, size, &out);
	for (size_t i = 0; i < out.rows.nr_rows; i++)
		if (out.rows.rows[i].pc <= FDE_BEGIN + off)
			rule = out.rows.rules.rules[out.rows.rows[i].rule];
	row_builder_release(&out.rows);
	return rule;
}

#define assert_cfa(rule, kind, off)                      \
	do {                                             \
		assert_int_equal((rule).cfa_kind, kind); \
		assert_int_equal((rule).cfa_off, off);   \
	} while (0)

#define assert_rbp(rule, kind, off)                         \
	do {                                                \
		assert_int_equal((rule).rbp_kind, kind);    \
		assert_int_equal((rule).rbp_off8 * 8, off); \
	} while (0)

static void assert_none(struct unwind_rule rule, enum unwind_none reason)
{
	assert_int_equal(rule.cfa_kind, CFA_NONE);
	assert_int_equal(rule.x, reason);
}

static void test_an_empty_program_keeps_what_the_cie_says(void **state)
{
	struct unwind_rule rule = rule_after(0, NULL, 0);

	(void)state;
	assert_cfa(rule, CFA_RSP, 8);
	assert_rbp(rule, RBP_CFA, -16);
	assert_int_equal(rule.flags, 0);
}

static void test_cfa_instructions(void **state)
{
	(void)state;
	assert_cfa(rule_after(0, MAKER_BYTES(DW_CFA_def_cfa, 6, 16)), CFA_RBP, 16);
	assert_cfa(rule_after(0, MAKER_BYTES(DW_CFA_def_cfa, 7, 0x80, 1)), CFA_RSP, 128);
	assert_cfa(rule_after(0, MAKER_BYTES(DW_CFA_def_cfa_register, 6)), CFA_RBP, 8);
	assert_cfa(rule_after(0, MAKER_BYTES(DW_CFA_def_cfa_offset, 24)), CFA_RSP, 24);
	assert_cfa(rule_after(0, MAKER_BYTES(DW_CFA_def_cfa_sf, 6, 0x7e)), CFA_RBP, 16);
	assert_cfa(rule_after(0, MAKER_BYTES(DW_CFA_def_cfa_offset_sf, 2)), CFA_RSP, -16);
	assert_cfa(rule_after(0, MAKER_BYTES(DW_CFA_def_cfa, 10, 0)), CFA_REG, 0);
	assert_int_equal(rule_after(0, MAKER_BYTES(DW_CFA_def_cfa, 10, 0)).x, 10);
	assert_none(rule_after(0, MAKER_BYTES(DW_CFA_def_cfa, 17, 0)), NONE_CFA_REGISTER);
	assert_none(rule_after(0, MAKER_BYTES(DW_CFA_def_cfa_offset, 0x80, 0x80, 0x80, 0x80, 8)),
		    NONE_CFA_OFFSET);
}

static void test_every_way_to_advance(void **state)
{
	(void)state;
	assert_cfa(rule_after(2, MAKER_BYTES(DW_CFA_advance_loc | 3, DW_CFA_def_cfa_offset, 16)),
		   CFA_RSP, 8);
	assert_cfa(rule_after(3, MAKER_BYTES(DW_CFA_advance_loc | 3, DW_CFA_def_cfa_offset, 16)),
		   CFA_RSP, 16);
	assert_cfa(
		rule_after(199, MAKER_BYTES(DW_CFA_advance_loc1, 200, DW_CFA_def_cfa_offset, 16)),
		CFA_RSP, 8);
	assert_cfa(
		rule_after(200, MAKER_BYTES(DW_CFA_advance_loc1, 200, DW_CFA_def_cfa_offset, 16)),
		CFA_RSP, 16);
	assert_cfa(rule_after(0x201,
			      MAKER_BYTES(DW_CFA_advance_loc2, 1, 2, DW_CFA_def_cfa_offset, 16)),
		   CFA_RSP, 16);
	assert_cfa(rule_after(0x301, MAKER_BYTES(DW_CFA_advance_loc4, 1, 3, 0, 0,
						 DW_CFA_def_cfa_offset, 16)),
		   CFA_RSP, 16);
	assert_cfa(rule_after(0x301, MAKER_BYTES(DW_CFA_MIPS_advance_loc8, 1, 3, 0, 0, 0, 0, 0, 0,
						 DW_CFA_def_cfa_offset, 16)),
		   CFA_RSP, 16);
}

static void test_set_loc_is_relative_to_itself(void **state)
{
	/* The operand lies at 0x8001; 0x8001 - 0x7ef1 = 0x110 = begin + 0x10. */
	(void)state;
	assert_cfa(rule_after(0xf, MAKER_BYTES(DW_CFA_set_loc, 0x0f, 0x81, 0xff, 0xff,
					       DW_CFA_def_cfa_offset, 16)),
		   CFA_RSP, 8);
	assert_cfa(rule_after(0x10, MAKER_BYTES(DW_CFA_set_loc, 0x0f, 0x81, 0xff, 0xff,
						DW_CFA_def_cfa_offset, 16)),
		   CFA_RSP, 16);
	/* Backwards: 0x8001 - 0x7f02 = 0xff. */
	assert_none(rule_after(0, MAKER_BYTES(DW_CFA_set_loc, 0xfe, 0x80, 0xff, 0xff,
					      DW_CFA_def_cfa_offset, 16)),
		    NONE_BAD_CFI);
}

static void test_rbp_instructions(void **state)
{
	(void)state;
	assert_rbp(rule_after(0, MAKER_BYTES(DW_CFA_offset | 6, 4)), RBP_CFA, -32);
	assert_rbp(rule_after(0, MAKER_BYTES(DW_CFA_offset_extended, 6, 4)), RBP_CFA, -32);
	assert_rbp(rule_after(0, MAKER_BYTES(DW_CFA_offset_extended_sf, 6, 0x7e)), RBP_CFA, 16);
	assert_rbp(rule_after(0, MAKER_BYTES(DW_CFA_GNU_negative_offset_extended, 6, 2)), RBP_CFA,
		   16);
	assert_rbp(rule_after(0, MAKER_BYTES(DW_CFA_same_value, 6)), RBP_SAME, 0);
	assert_rbp(rule_after(0, MAKER_BYTES(DW_CFA_undefined, 6)), RBP_UNDEFINED, 0);
	assert_rbp(rule_after(0, MAKER_BYTES(DW_CFA_register, 6, 9)), RBP_REG, 0);
	assert_int_equal(rule_after(0, MAKER_BYTES(DW_CFA_register, 6, 9)).x, 9);
	assert_rbp(rule_after(0, MAKER_BYTES(DW_CFA_register, 6, 6)), RBP_SAME, 0);
	assert_rbp(rule_after(0, MAKER_BYTES(DW_CFA_offset | 6, 4, DW_CFA_restore | 6)), RBP_CFA,
		   -16);
	assert_rbp(rule_after(0, MAKER_BYTES(DW_CFA_same_value, 6, DW_CFA_restore_extended, 6)),
		   RBP_CFA, -16);
	assert_none(rule_after(0, MAKER_BYTES(DW_CFA_register, 6, 17)), NONE_RBP_RULE);
	assert_none(rule_after(0, MAKER_BYTES(DW_CFA_val_offset, 6, 2)), NONE_RBP_RULE);
	assert_none(rule_after(0, MAKER_BYTES(DW_CFA_val_offset_sf, 6, 2)), NONE_RBP_RULE);
	/* 32,769 words of 8 bytes: one more than 16 bits of them can say. */
	assert_none(rule_after(0, MAKER_BYTES(DW_CFA_offset | 6, 0x81, 0x80, 2)), NONE_RBP_OFFSET);
	assert_rbp(rule_after(0, MAKER_BYTES(DW_CFA_offset | 6, 0x80, 0x80, 2)), RBP_CFA, -262144);
}

static void test_return_address_instructions(void **state)
{
	struct unwind_rule rule;

	(void)state;
	rule = rule_after(0, MAKER_BYTES(DW_CFA_register, 16, 5));
	assert_int_equal(rule.flags, RULE_RA_REGISTER);
	assert_int_equal(rule.x, 5);
	assert_cfa(rule, CFA_RSP, 8);
	rule = rule_after(0, MAKER_BYTES(DW_CFA_undefined, 16));
	assert_int_equal(rule.cfa_kind, CFA_STOP);
	rule = rule_after(0, MAKER_BYTES(DW_CFA_undefined, 16, DW_CFA_restore_extended, 16));
	assert_cfa(rule, CFA_RSP, 8);
	assert_none(rule_after(0, MAKER_BYTES(DW_CFA_offset | 16, 2)), NONE_RA_RULE);
	assert_none(rule_after(0, MAKER_BYTES(DW_CFA_same_value, 16)), NONE_RA_RULE);
	assert_none(rule_after(0, MAKER_BYTES(DW_CFA_val_offset, 16, 1)), NONE_RA_RULE);
	assert_none(rule_after(0, MAKER_BYTES(DW_CFA_register, 16, 17)), NONE_RA_RULE);
	/* rdi for the return address and r10 for the CFA want the same field. */
	assert_none(rule_after(0, MAKER_BYTES(DW_CFA_register, 16, 5, DW_CFA_def_cfa, 10, 0)),
		    NONE_COMBINATION);
	assert_none(rule_after(0, MAKER_BYTES(DW_CFA_register, 16, 5, DW_CFA_register, 6, 9)),
		    NONE_COMBINATION);
}

static void test_remembering_includes_the_cfa(void **state)
{
	const uint8_t *code;
	size_t size;

	(void)state;
	code = (const uint8_t[]){DW_CFA_remember_state,
				 DW_CFA_def_cfa,
				 6,
				 16,
				 DW_CFA_offset | 6,
				 4,
				 DW_CFA_undefined,
				 16,
				 DW_CFA_advance_loc | 8,
				 DW_CFA_restore_state};
	size = 10;
	assert_int_equal(rule_after(0, code, size).cfa_kind, CFA_STOP);
	assert_cfa(rule_after(8, code, size), CFA_RSP, 8);
	assert_rbp(rule_after(8, code, size), RBP_CFA, -16);
}

/* GHC's StgRun: rbp at cfa+16392, rip at cfa+16432, and rsp is said to be rsp+16440. */
static void test_a_caller_s_rsp_beyond_the_cfa_is_what_others_call_the_cfa(void **state)
{
	static const uint8_t code[] = {0x0c, 7,	   0,	 0x11, 6, 0xff, 0x6f, 0x11, 16,
				       0xfa, 0x6f, 0x16, 7,    4, 0x77, 0xb8, 0x80, 0x01};
	struct unwind_rule rule = rule_after(0, code, sizeof(code));

	(void)state;
	assert_cfa(rule, CFA_RSP, 16440);
	assert_rbp(rule, RBP_CFA, -48);
	assert_int_equal(rule.flags, 0);
}

static void test_states_are_remembered_in_a_stack(void **state)
{
	(void)state;
	assert_cfa(rule_after(0, MAKER_BYTES(DW_CFA_remember_state, DW_CFA_def_cfa_offset, 16,
					     DW_CFA_remember_state, DW_CFA_def_cfa_offset, 24,
					     DW_CFA_restore_state)),
		   CFA_RSP, 16);
	assert_cfa(rule_after(0, MAKER_BYTES(DW_CFA_remember_state, DW_CFA_def_cfa_offset, 16,
					     DW_CFA_remember_state, DW_CFA_def_cfa_offset, 24,
					     DW_CFA_restore_state, DW_CFA_restore_state)),
		   CFA_RSP, 8);
	assert_none(rule_after(0, MAKER_BYTES(DW_CFA_restore_state)), NONE_BAD_CFI);
}

static void test_instructions_without_effect(void **state)
{
	(void)state;
	assert_cfa(rule_after(0, MAKER_BYTES(DW_CFA_nop, DW_CFA_GNU_window_save,
					     DW_CFA_GNU_args_size, 0x80, 1, DW_CFA_offset | 3, 5,
					     DW_CFA_undefined, 12, DW_CFA_same_value, 3,
					     DW_CFA_register, 3, 4, DW_CFA_restore | 3,
					     DW_CFA_val_offset, 12, 1, DW_CFA_expression, 3, 1,
					     DW_OP_lit0, DW_CFA_val_expression, 12, 2, DW_OP_lit0,
					     DW_OP_lit0, DW_CFA_def_cfa_offset, 40)),
		   CFA_RSP, 40);
}

static void test_expressions_reach_the_rule(void **state)
{
	struct unwind_rule rule;

	(void)state;
	rule = rule_after(0, MAKER_BYTES(DW_CFA_def_cfa_expression, 3, DW_OP_breg0 + 6, 0x78,
					 DW_OP_deref, DW_CFA_expression, 6, 2, DW_OP_breg0 + 6, 0));
	assert_cfa(rule, CFA_DEREF_RBP, -8);
	assert_int_equal(rule.x, 0);
	assert_rbp(rule, RBP_DEREF_RBP, 0);
	rule = rule_after(
		0, MAKER_BYTES(DW_CFA_val_expression, 6, 3, DW_OP_breg0 + 7, 8, DW_OP_deref));
	assert_rbp(rule, RBP_DEREF_RSP, 8);
	rule = rule_after(0, MAKER_BYTES(DW_CFA_val_expression, 16, 2, DW_OP_breg0 + 1, 0));
	assert_int_equal(rule.flags, RULE_RA_REGISTER);
	assert_int_equal(rule.x, 1);
	assert_none(rule_after(0, MAKER_BYTES(DW_CFA_expression, 16, 2, DW_OP_breg0 + 1, 0)),
		    NONE_RA_RULE);
	assert_none(rule_after(0, MAKER_BYTES(DW_CFA_expression, 6, 1, DW_OP_lit0)),
		    NONE_RBP_EXPRESSION);
	assert_none(rule_after(0, MAKER_BYTES(DW_CFA_def_cfa_expression, 1, DW_OP_lit0)),
		    NONE_CFA_EXPRESSION);
}

static void test_a_register_after_an_expression_keeps_the_old_offset(void **state)
{
	(void)state;
	assert_cfa(rule_after(0, MAKER_BYTES(DW_CFA_def_cfa_offset, 56, DW_CFA_def_cfa_expression,
					     3, DW_OP_breg0 + 7, 16, DW_OP_deref,
					     DW_CFA_def_cfa_register, 7)),
		   CFA_RSP, 56);
}

static void test_alignment_factors_scale(void **state)
{
	struct cfi_context context = plain_context();
	struct outcome out;

	(void)state;
	context.code_align = 4;
	context.data_align = -16;
	run_in(&context, MAKER_BYTES(DW_CFA_advance_loc | 3, DW_CFA_offset | 6, 2), &out);
	assert_int_equal(out.rows.nr_rows, 2);
	assert_int_equal(out.rows.rows[1].pc, FDE_BEGIN + 12);
	assert_int_equal(out.rows.rules.rules[out.rows.rows[1].rule].rbp_off8, -4);
	row_builder_release(&out.rows);
}

/* Damage costs the rows from there on, not those before. */
static void check_damage(const uint8_t *code, size_t size)
{
	const struct cfi_context context = plain_context();
	struct outcome out;

	run_in(&context, code, size, &out);
	assert_int_equal(out.err, -EBADMSG);
	assert_int_equal(out.rows.nr_rows, 2);
	assert_int_equal(out.rows.rows[1].pc, FDE_BEGIN + 4);
	assert_int_equal(out.rows.rules.rules[out.rows.rows[0].rule].cfa_kind, CFA_RSP);
	assert_none(out.rows.rules.rules[out.rows.rows[1].rule], NONE_BAD_CFI);
	assert_int_equal(out.rows.none[NONE_BAD_CFI], 1);
	row_builder_release(&out.rows);
}

static void test_damage_is_one_row(void **state)
{
	(void)state;
	check_damage(MAKER_BYTES(DW_CFA_advance_loc | 4, 0x3f));
	check_damage(MAKER_BYTES(DW_CFA_advance_loc | 4, DW_CFA_def_cfa, 7));
	check_damage(MAKER_BYTES(DW_CFA_advance_loc | 4, DW_CFA_def_cfa));
	check_damage(MAKER_BYTES(DW_CFA_advance_loc | 4, DW_CFA_def_cfa_offset));
	check_damage(MAKER_BYTES(DW_CFA_advance_loc | 4, DW_CFA_def_cfa_register));
	check_damage(MAKER_BYTES(DW_CFA_advance_loc | 4, DW_CFA_def_cfa_offset_sf, 0x80));
	check_damage(MAKER_BYTES(DW_CFA_advance_loc | 4, DW_CFA_offset | 6));
	check_damage(MAKER_BYTES(DW_CFA_advance_loc | 4, DW_CFA_advance_loc1));
	check_damage(MAKER_BYTES(DW_CFA_advance_loc | 4, DW_CFA_advance_loc4, 1, 0));
	check_damage(MAKER_BYTES(DW_CFA_advance_loc | 4, DW_CFA_register, 6));
	check_damage(MAKER_BYTES(DW_CFA_advance_loc | 4, DW_CFA_undefined));
	check_damage(MAKER_BYTES(DW_CFA_advance_loc | 4, DW_CFA_def_cfa_expression, 5, 0x77));
	check_damage(MAKER_BYTES(DW_CFA_advance_loc | 4, DW_CFA_expression, 6, 0xff, 0x7f));
	check_damage(MAKER_BYTES(DW_CFA_advance_loc | 4, DW_CFA_GNU_args_size));
	check_damage(MAKER_BYTES(DW_CFA_advance_loc | 4, DW_CFA_restore_state));
}

static void test_deep_nesting_is_refused(void **state)
{
	uint8_t code[1000];

	(void)state;
	memset(code, DW_CFA_remember_state, sizeof(code));
	assert_none(rule_after(0, code, sizeof(code)), NONE_BAD_CFI);
}

static void test_rows_end_with_the_fde(void **state)
{
	const struct cfi_context context = plain_context();
	struct outcome out;

	(void)state;
	/* What lies behind the end is not even read. */
	run_in(&context,
	       MAKER_BYTES(DW_CFA_advance_loc4, 0xff, 0xff, 0xff, 0xff, DW_CFA_def_cfa_offset, 16,
			   0x3f),
	       &out);
	assert_int_equal(out.err, 0);
	assert_int_equal(out.rows.nr_rows, 1);
	row_builder_release(&out.rows);
}

static void test_a_window_cuts_rows_without_losing_the_state(void **state)
{
	static const uint8_t code[] = {DW_CFA_advance_loc | 4, DW_CFA_def_cfa_offset, 16,
				       DW_CFA_advance_loc | 4, DW_CFA_def_cfa_offset, 24,
				       DW_CFA_advance_loc | 4, DW_CFA_def_cfa_offset, 32,
				       DW_CFA_advance_loc | 4, DW_CFA_def_cfa_offset, 40};
	const struct cfi_program program = {.code = code,
					    .end = code + sizeof(code),
					    .start = 0x100,
					    .from = 0x106,
					    .to = 0x10a};
	const struct cfi_context context = plain_context();
	struct row_builder rows;

	(void)state;
	row_builder_init(&rows, true, 4);
	assert_int_equal(cfi_program_run(&program, &context, &rows), 0);
	row_builder_flush(&rows, UINT32_MAX);
	assert_int_equal(rows.nr_rows, 2);
	assert_int_equal(rows.rows[0].pc, 0x106);
	assert_int_equal(rows.rules.rules[rows.rows[0].rule].cfa_off, 16);
	assert_int_equal(rows.rows[1].pc, 0x108);
	assert_int_equal(rows.rules.rules[rows.rows[1].rule].cfa_off, 24);
	row_builder_release(&rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_empty_program_keeps_what_the_cie_says),
		cmocka_unit_test(test_cfa_instructions),
		cmocka_unit_test(test_every_way_to_advance),
		cmocka_unit_test(test_set_loc_is_relative_to_itself),
		cmocka_unit_test(test_rbp_instructions),
		cmocka_unit_test(test_return_address_instructions),
		cmocka_unit_test(test_remembering_includes_the_cfa),
		cmocka_unit_test(test_a_caller_s_rsp_beyond_the_cfa_is_what_others_call_the_cfa),
		cmocka_unit_test(test_states_are_remembered_in_a_stack),
		cmocka_unit_test(test_instructions_without_effect),
		cmocka_unit_test(test_expressions_reach_the_rule),
		cmocka_unit_test(test_a_register_after_an_expression_keeps_the_old_offset),
		cmocka_unit_test(test_alignment_factors_scale),
		cmocka_unit_test(test_damage_is_one_row),
		cmocka_unit_test(test_deep_nesting_is_refused),
		cmocka_unit_test(test_rows_end_with_the_fde),
		cmocka_unit_test(test_a_window_cuts_rows_without_losing_the_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
