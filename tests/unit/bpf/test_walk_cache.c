/* SPDX-License-Identifier: MIT */
/* Rules in one word, and the ring of recent ones. */
#include "test.h"

#include "bpf/walk_cache.h"

#include <stdlib.h>

#define PC 0x401000u

static const struct walk_rule plain = {.cfa_kind = CFA_RSP, .cfa_off = 64};

static void assert_packs(struct walk_rule rule)
{
	uint32_t common = walk_common_rule(&rule);

	assert_int_not_equal(common, 0);
	assert_int_not_equal(common, COMMON_STOP);
	assert_int_equal(common_cfa_off(common), rule.cfa_off);
	assert_int_equal(!!(common & COMMON_CFA_RBP), rule.cfa_kind == CFA_RBP);
	assert_int_equal(!!(common & COMMON_RBP_SAVED), rule.rbp_kind == RBP_CFA);
	if (rule.rbp_kind == RBP_CFA)
		assert_int_equal(common_rbp_off(common), rule.rbp_off8 * 8);
}

static void test_offsets_keep_their_value_and_sign_in_one_word(void **state)
{
	(void)state;
	for (int32_t cfa = 8; cfa <= 32767 * 8; cfa = cfa * 3 / 8 * 8)
		for (int16_t rbp = -2048; rbp <= 2042; rbp = (int16_t)(rbp + 5))
			assert_packs((struct walk_rule){
				.cfa_kind = CFA_RBP,
				.cfa_off = cfa,
				.rbp_kind = RBP_CFA,
				.rbp_off8 = rbp,
			});
	assert_packs((struct walk_rule){.cfa_kind = CFA_RSP, .cfa_off = -32768 * 8});
	assert_packs((struct walk_rule){.cfa_kind = CFA_RSP, .cfa_off = 32767 * 8});
	assert_packs((struct walk_rule){.cfa_kind = CFA_RBP, .cfa_off = 0});
	assert_packs((struct walk_rule){
		.cfa_kind = CFA_RSP, .cfa_off = 8, .rbp_kind = RBP_CFA, .rbp_off8 = 2047});
}

static void test_rules_that_do_not_fit_one_word_stay_out(void **state)
{
	const struct walk_rule rare[] = {
		{.cfa_kind = CFA_RSP, .cfa_off = 0},
		{.cfa_kind = CFA_RSP, .cfa_off = 12},
		{.cfa_kind = CFA_RSP, .cfa_off = 32768 * 8},
		{.cfa_kind = CFA_RSP, .cfa_off = -32769 * 8},
		{.cfa_kind = CFA_RSP, .cfa_off = 8, .rbp_kind = RBP_CFA, .rbp_off8 = 2048},
		{.cfa_kind = CFA_RSP, .cfa_off = 8, .rbp_kind = RBP_CFA, .rbp_off8 = -2049},
		{.cfa_kind = CFA_RSP, .cfa_off = 8, .rbp_kind = RBP_DEREF_RBP},
		{.cfa_kind = CFA_RSP, .cfa_off = 8, .flags = RULE_RA_REGISTER},
		{.cfa_kind = CFA_RSP, .cfa_off = 8, .flags = RULE_RBX_KEPT},
		{.cfa_kind = CFA_RSP, .cfa_off = 8, .flags = RULE_RBX_SAVED},
		{.cfa_kind = CFA_REG, .cfa_off = 8},
		{.cfa_kind = CFA_SIGNAL},
		{.cfa_kind = CFA_NONE},
	};
	const struct walk_rule stop = {.cfa_kind = CFA_STOP};

	(void)state;
	for (size_t i = 0; i < sizeof(rare) / sizeof(rare[0]); i++)
		assert_int_equal(walk_common_rule(&rare[i]), 0);
	assert_int_equal(walk_common_rule(&stop), COMMON_STOP);
}

struct place {
	struct walk walk;
	struct walk_cache cache;
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	p->walk.generation = 1;
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void test_an_empty_cache_knows_nothing(void **state)
{
	struct place *p = *state;

	assert_int_equal(walk_cache_get(&p->walk, &p->cache, PC), 0);
	p->walk.generation = 0;
	assert_int_equal(walk_cache_get(&p->walk, &p->cache, 0), 0);
}

static void test_entries_are_found_in_order_and_out_of_order_until_the_ring_comes_round(
	void **state)
{
	struct place *p = *state;
	uint32_t common = walk_common_rule(&plain), found = 0;

	for (uint32_t i = 0; i < WALK_CACHE_ENTRIES; i++)
		walk_cache_put(&p->walk, &p->cache, PC + i * 16, common);
	for (uint32_t i = 0; i < WALK_CACHE_ENTRIES; i++)
		assert_int_equal(walk_cache_get(&p->walk, &p->cache, PC + i * 16), common);
	/* The index has collisions, the ring has not: backwards most are found, none wrongly. */
	for (uint32_t i = WALK_CACHE_ENTRIES; i-- > 0;)
		found += walk_cache_get(&p->walk, &p->cache, PC + i * 16) == common;
	assert_true(found > WALK_CACHE_ENTRIES / 2);
	assert_int_equal(walk_cache_get(&p->walk, &p->cache, PC + 8), 0);

	walk_cache_put(&p->walk, &p->cache, PC - 16, common);
	assert_int_equal(walk_cache_get(&p->walk, &p->cache, PC), 0);
	assert_int_equal(walk_cache_get(&p->walk, &p->cache, PC - 16), common);
}

static void test_a_rule_is_its_generation_s(void **state)
{
	struct place *p = *state;

	walk_cache_put(&p->walk, &p->cache, PC, walk_common_rule(&plain));
	p->walk.generation = 2;
	assert_int_equal(walk_cache_get(&p->walk, &p->cache, PC), 0);
	p->walk.generation = 1;
	assert_int_not_equal(walk_cache_get(&p->walk, &p->cache, PC), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offsets_keep_their_value_and_sign_in_one_word),
		cmocka_unit_test(test_rules_that_do_not_fit_one_word_stay_out),
		cmocka_unit_test_setup_teardown(test_an_empty_cache_knows_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_entries_are_found_in_order_and_out_of_order_until_the_ring_comes_round,
			setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_rule_is_its_generation_s, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
