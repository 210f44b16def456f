/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "unwind/row_builder.h"

#include <errno.h>

static struct cfi_state rsp(int32_t off)
{
	return (struct cfi_state){.cfa = cfi_cfa(CFA_REG, DW_REG_RSP, off)};
}

static struct cfi_state rsp_saved(int32_t off, int32_t rbp)
{
	return (struct cfi_state){.cfa = cfi_cfa(CFA_REG, DW_REG_RSP, off),
				  .regs = cfi_with_rbp(0, RBP_STATE_SAVED, rbp)};
}

static void add(struct row_builder *b, uint32_t pc, struct cfi_state state)
{
	row_builder_add(b, pc, &state);
}

static const struct unwind_rule *rule_of(const struct row_builder *b, size_t row)
{
	assert_true(row < b->nr_rows);
	return &b->rules.rules[b->rows[row].rule];
}

static void test_pushes_are_one_row(void **state)
{
	struct row_builder b;
	const struct unwind_rule *rule;

	(void)state;
	row_builder_init(&b, false, 4);
	add(&b, 0x100, rsp(8));
	add(&b, 0x101, rsp(16));
	add(&b, 0x103, rsp(24));
	add(&b, 0x110, rsp(32));
	row_builder_flush(&b, 0x200);
	assert_int_equal(b.nr_rows, 1);
	assert_int_equal(b.cfi_rows, 4);
	rule = rule_of(&b, 0);
	assert_int_equal(rule->cfa_kind, CFA_RSP);
	assert_int_equal(rule->cfa_off, 8);
	assert_int_equal(rule->ramp_mask, 1 << 0 | 1 << 2 | 1 << 15);
	assert_int_equal(rule->flags, 0);
	row_builder_release(&b);
}

static void test_pops_are_one_row_downwards(void **state)
{
	struct row_builder b;

	(void)state;
	row_builder_init(&b, false, 4);
	add(&b, 0x100, rsp(24));
	add(&b, 0x101, rsp(16));
	add(&b, 0x102, rsp(8));
	row_builder_flush(&b, 0x200);
	assert_int_equal(b.nr_rows, 1);
	assert_int_equal(rule_of(&b, 0)->cfa_off, 24);
	assert_int_equal(rule_of(&b, 0)->ramp_mask, 3);
	assert_int_equal(rule_of(&b, 0)->flags, RULE_RAMP_DOWN);
	row_builder_release(&b);
}

static void test_what_ends_a_ramp(void **state)
{
	static const struct {
		uint32_t pc;
		int32_t off;
	} third[] = {
		{0x111, 24}, /* too far away */
		{0x102, 32}, /* a step of 16 */
		{0x102, 8},  /* the other direction */
		{0x102, 20}, /* no step of 8 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(third) / sizeof(third[0]); i++) {
		struct row_builder b;

		row_builder_init(&b, false, 4);
		add(&b, 0x100, rsp(8));
		add(&b, 0x101, rsp(16));
		add(&b, third[i].pc, rsp(third[i].off));
		row_builder_flush(&b, 0x200);
		assert_int_equal(b.nr_rows, 2);
		assert_int_equal(b.rows[1].pc, third[i].pc);
		assert_int_equal(rule_of(&b, 1)->cfa_off, third[i].off);
		assert_int_equal(rule_of(&b, 1)->ramp_mask, 0);
		row_builder_release(&b);
	}
}

static void test_rbp_is_saved_or_forgotten_once_in_a_ramp(void **state)
{
	struct row_builder b;

	(void)state;
	row_builder_init(&b, false, 4);
	add(&b, 0x100, rsp(8));
	add(&b, 0x101, rsp_saved(16, -16));
	add(&b, 0x105, rsp_saved(24, -16));
	add(&b, 0x106, rsp(32));
	row_builder_flush(&b, 0x200);
	assert_int_equal(b.nr_rows, 2);
	assert_int_equal(rule_of(&b, 0)->rbp_kind, RBP_CFA_FROM);
	assert_int_equal(rule_of(&b, 0)->rbp_step, 1);
	assert_int_equal(rule_of(&b, 0)->rbp_off8, -2);
	assert_int_equal(rule_of(&b, 1)->rbp_kind, RBP_SAME);
	row_builder_release(&b);

	row_builder_init(&b, false, 4);
	add(&b, 0x100, rsp_saved(24, -24));
	add(&b, 0x107, rsp(24));
	row_builder_flush(&b, 0x200);
	assert_int_equal(b.nr_rows, 1);
	assert_int_equal(rule_of(&b, 0)->rbp_kind, RBP_CFA_UNTIL);
	assert_int_equal(rule_of(&b, 0)->rbp_step, 7);
	assert_int_equal(rule_of(&b, 0)->rbp_off8, -3);
	assert_int_equal(rule_of(&b, 0)->ramp_mask, 0);
	row_builder_release(&b);
}

static void test_two_places_of_rbp_are_two_rows(void **state)
{
	struct row_builder b;

	(void)state;
	row_builder_init(&b, false, 4);
	add(&b, 0x100, rsp_saved(16, -16));
	add(&b, 0x101, rsp_saved(24, -24));
	row_builder_flush(&b, 0x200);
	assert_int_equal(b.nr_rows, 2);
	row_builder_release(&b);
}

static void test_equal_neighbours_are_one_row(void **state)
{
	const struct cfi_state stop = {.cfa = cfi_cfa(CFA_REG, DW_REG_RSP, 8),
				       .regs = cfi_with_ra(0, RA_STATE_UNDEFINED, 0)};
	const struct cfi_state stop_too = {
		.cfa = cfi_cfa(CFA_REG, DW_REG_RSP, 8),
		.regs = cfi_with_rbp(cfi_with_ra(0, RA_STATE_UNDEFINED, 0), RBP_STATE_SAVED, -16)};
	struct row_builder b;

	(void)state;
	row_builder_init(&b, false, 4);
	add(&b, 0x100, rsp(8));
	add(&b, 0x140, rsp(8));
	add(&b, 0x180, stop);
	add(&b, 0x1c0, stop_too);
	row_builder_flush(&b, 0x200);
	assert_int_equal(b.nr_rows, 2);
	assert_int_equal(b.cfi_rows, 2);
	assert_int_equal(rule_of(&b, 1)->cfa_kind, CFA_STOP);
	row_builder_release(&b);
}

static void test_gaps_are_counted_apart(void **state)
{
	struct row_builder b;

	(void)state;
	row_builder_init(&b, false, 4);
	add(&b, 0x100, rsp(8));
	add(&b, 0x140, row_builder_gap());
	add(&b, 0x180, rsp(8));
	row_builder_flush(&b, 0x200);
	assert_int_equal(b.nr_rows, 3);
	assert_int_equal(b.rows[1].rule, 0);
	assert_int_equal(b.gap_rows, 1);
	assert_int_equal(b.cfi_rows, 2);
	row_builder_release(&b);
}

static void test_a_ramp_seen_from_64_kib_away_is_repeated_plain(void **state)
{
	struct row_builder b;

	(void)state;
	row_builder_init(&b, false, 4);
	add(&b, 0x13f8, rsp(8));
	add(&b, 0x13f9, rsp_saved(16, -16));
	row_builder_flush(&b, 0x13f8 + 0x10000);
	assert_int_equal(b.nr_rows, 2);
	assert_int_equal(b.rows[1].pc % 1024, 0);
	assert_true(b.rows[1].pc > 0x13f8 + CTRACE_RAMP_SPAN);
	assert_true(b.rows[1].pc < 0x13f8 + 0x10000);
	assert_int_equal(rule_of(&b, 1)->cfa_off, 16);
	assert_int_equal(rule_of(&b, 1)->rbp_kind, RBP_CFA);
	assert_int_equal(rule_of(&b, 1)->ramp_mask, 0);
	assert_int_equal(b.cfi_rows, 2);
	row_builder_release(&b);

	row_builder_init(&b, false, 4);
	add(&b, 0x13f8, rsp(8));
	add(&b, 0x13f9, rsp(16));
	row_builder_flush(&b, 0x13f8 + 0xffff);
	assert_int_equal(b.nr_rows, 1);
	row_builder_release(&b);
}

static void test_without_ramps_every_step_is_a_row(void **state)
{
	struct row_builder b;

	(void)state;
	row_builder_init(&b, true, 4);
	add(&b, 0x100, rsp(8));
	add(&b, 0x101, rsp(16));
	add(&b, 0x102, rsp(24));
	row_builder_flush(&b, 0x200);
	assert_int_equal(b.nr_rows, 3);
	row_builder_release(&b);
}

static void test_rare_ramps_give_way_to_plain_rows(void **state)
{
	struct row_builder b;
	uint32_t pc = 0;

	(void)state;
	row_builder_init(&b, false, 4);
	/* 16 offsets times 3,840 masks: more ramps than there are numbers for them. */
	for (int32_t off = 8; off <= 128; off += 8) {
		for (uint32_t mask = 256; mask < 4096; mask++) {
			int32_t now = off;

			add(&b, pc, rsp(now));
			for (uint32_t bit = 0; bit < 12; bit++)
				if (mask & 1u << bit)
					add(&b, pc + bit + 1, rsp(now += 8));
			pc += 64;
			add(&b, pc - 32, row_builder_gap());
		}
	}
	row_builder_flush(&b, pc);
	assert_true(b.rules.nr > CTRACE_MAX_RULES / 2);
	assert_true(b.rules.nr <= CTRACE_MAX_RULES / 4 * 3 + 64);
	assert_int_equal(b.none[NONE_RULES_FULL], 0);
	/* The last one is there, step by step. */
	assert_int_equal(b.rows[b.nr_rows - 1].rule, 0);
	assert_int_equal(rule_of(&b, b.nr_rows - 2)->cfa_off, 128 + 8 * 12);
	assert_int_equal(rule_of(&b, b.nr_rows - 3)->cfa_off, 128 + 8 * 11);
	assert_int_equal(rule_of(&b, b.nr_rows - 3)->ramp_mask, 0);
	row_builder_release(&b);
}

static void test_more_rules_than_numbers_are_counted(void **state)
{
	const uint32_t nr = CTRACE_MAX_RULES + 1000;
	struct row_builder b;

	(void)state;
	row_builder_init(&b, false, 4);
	for (uint32_t i = 0; i < nr; i++)
		add(&b, i * 32, rsp((int32_t)(i + 1) * 16));
	row_builder_flush(&b, nr * 32);
	assert_int_equal(b.rules.nr, CTRACE_MAX_RULES);
	/* Number 0 is the gap's, the last one says RULES_FULL itself. */
	assert_int_equal(b.nr_rows, CTRACE_MAX_RULES - 2 + 1);
	assert_int_equal(rule_of(&b, b.nr_rows - 1)->cfa_kind, CFA_NONE);
	assert_int_equal(rule_of(&b, b.nr_rows - 1)->x, NONE_RULES_FULL);
	assert_true(b.none[NONE_RULES_FULL] > 0);
	row_builder_release(&b);
}

static void test_equal_rules_share_a_number(void **state)
{
	struct unwind_rule rule = {.cfa_kind = CFA_RSP, .cfa_off = 8};
	struct rule_set set;
	uint32_t number;

	(void)state;
	rule_set_init(&set);
	for (int round = 0; round < 2; round++) {
		for (int32_t i = 0; i < 5000; i++) {
			rule.cfa_off = i * 8;
			assert_int_equal(rule_set_add(&set, &rule, CTRACE_MAX_RULES, &number), 0);
			assert_int_equal(number, i + 1);
		}
	}
	rule.cfa_off = -8;
	assert_int_equal(rule_set_add(&set, &rule, 5001, &number), -E2BIG);
	rule.cfa_off = 8;
	assert_int_equal(rule_set_add(&set, &rule, 5001, &number), 0);
	assert_int_equal(set.rules[0].cfa_kind, CFA_NONE);
	rule_set_release(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pushes_are_one_row),
		cmocka_unit_test(test_pops_are_one_row_downwards),
		cmocka_unit_test(test_what_ends_a_ramp),
		cmocka_unit_test(test_rbp_is_saved_or_forgotten_once_in_a_ramp),
		cmocka_unit_test(test_two_places_of_rbp_are_two_rows),
		cmocka_unit_test(test_equal_neighbours_are_one_row),
		cmocka_unit_test(test_gaps_are_counted_apart),
		cmocka_unit_test(test_a_ramp_seen_from_64_kib_away_is_repeated_plain),
		cmocka_unit_test(test_without_ramps_every_step_is_a_row),
		cmocka_unit_test(test_rare_ramps_give_way_to_plain_rows),
		cmocka_unit_test(test_more_rules_than_numbers_are_counted),
		cmocka_unit_test(test_equal_rules_share_a_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
