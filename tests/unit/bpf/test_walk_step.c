/* SPDX-License-Identifier: MIT */
/* The step, on the host, over a toy object: every rule kind, every way to end. */
#include "test.h"

#include "walk_host.h"

#include <stdlib.h>

#define TEXT	   0x400000u /* runtime start of the toy object, also its vaddr */
#define TEXT_SIZE  0x10000u
#define STACK	   0x7ffd00000000u
#define STACK_SIZE 0x4000u

struct world {
	struct walk_host host;
	struct mapping_table table;
	struct unwind_rules rules;
	struct unwind_blob blob;
	struct walk_cache cache;
	const struct unwind_blob *blobs[1];
	uint8_t stack[STACK_SIZE];
	uint8_t text[TEXT_SIZE];
	struct walk walk;
	uint32_t nr_rules, nr_rows;
	uint64_t unreadable; /* a page reads of which fail */
};

static int read_world(void *arg, void *to, uint32_t size, uint64_t addr)
{
	struct world *w = arg;

	if (w->unreadable && addr < w->unreadable + 4096 && addr + size > w->unreadable)
		return -1;
	if (addr >= STACK && addr + size <= STACK + STACK_SIZE)
		memcpy(to, w->stack + (addr - STACK), size);
	else if (addr >= TEXT && addr + size <= TEXT + TEXT_SIZE)
		memcpy(to, w->text + (addr - TEXT), size);
	else
		return -1;
	return 0;
}

#define BLOCKS (TEXT_SIZE >> CTRACE_BLOCK_SHIFT)

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->host = (struct walk_host){
		.read = read_world,
		.arg = w,
		.table = &w->table,
		.blobs = w->blobs,
		.nr_blobs = 1,
		.rules = &w->rules,
		.cache = &w->cache,
	};
	/* Every address is behind a call, unless a test says otherwise. */
	memset(w->text, 0xe8, sizeof(w->text));
	w->blobs[0] = &w->blob;
	w->table.nr = 1;
	w->table.generation = 1;
	w->table.start[0] = TEXT;
	w->table.entry[0] = (struct mapping_entry){
		.end = TEXT + TEXT_SIZE,
		.bias = 0,
		.blob = 0,
		.index_base = (uint32_t) - (TEXT >> CTRACE_BLOCK_SHIFT),
	};
	w->nr_rules = 1;
	w->nr_rows = BLOCKS + 1;
	w->blob.word[w->nr_rows++] = CTRACE_ROW(0, 0);
	for (uint32_t i = 0; i <= BLOCKS; i++)
		w->blob.word[i] = w->nr_rows;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

/* Rows must be added in ascending order of vaddr. */
static void add_row(struct world *w, uint64_t vaddr, struct unwind_rule rule)
{
	uint32_t block = (uint32_t)((vaddr - TEXT) >> CTRACE_BLOCK_SHIFT);

	w->rules.rule[w->nr_rules] = rule;
	w->blob.word[w->nr_rows++] = CTRACE_ROW((uint16_t)vaddr, w->nr_rules);
	w->nr_rules++;
	for (uint32_t i = block + 1; i <= BLOCKS; i++)
		w->blob.word[i] = w->nr_rows;
}

static void put(struct world *w, uint64_t addr, uint64_t value)
{
	memcpy(w->stack + (addr - STACK), &value, sizeof(value));
}

static int run(struct world *w, uint64_t pc, uint64_t sp)
{
	w->walk.pc = pc;
	w->walk.sp = sp;
	return walk_host_run(&w->host, &w->walk, CTRACE_MAX_FRAMES);
}

static uint64_t frame_pc(const struct world *w, uint32_t i)
{
	return w->walk.frame[i] & FRAME_PC_MASK;
}

static const struct unwind_rule rsp8 = {.cfa_kind = CFA_RSP, .cfa_off = 8};
static const struct unwind_rule stop_rule = {.cfa_kind = CFA_STOP};

static void test_rsp_rule_leads_to_caller_and_stop_rule_ends_the_stack(void **state)
{
	struct world *w = *state;

	add_row(w, TEXT + 0x10, (struct unwind_rule){.cfa_kind = CFA_RSP, .cfa_off = 32});
	add_row(w, TEXT + 0x100, stop_rule);
	put(w, STACK + 0x118, TEXT + 0x120);
	assert_int_equal(run(w, TEXT + 0x20, STACK + 0x100), STOP_END_OF_STACK);
	assert_int_equal(w->walk.record.nr_user, 2);
	assert_int_equal(w->walk.frame[0], (TEXT + 0x20) | FRAME_EXACT);
	assert_int_equal(w->walk.frame[1], TEXT + 0x120);
}

static void test_return_address_is_looked_up_one_byte_earlier_but_frame_0_is_not(void **state)
{
	struct world *w = *state;

	add_row(w, TEXT + 0x10, rsp8);
	/* The call is the last instruction of its function: the next byte is another function. */
	add_row(w, TEXT + 0x100, stop_rule);
	add_row(w, TEXT + 0x110, (struct unwind_rule){.cfa_kind = CFA_NONE, .x = NONE_BAD_CFI});
	put(w, STACK + 0x100, TEXT + 0x110);
	assert_int_equal(run(w, TEXT + 0x10, STACK + 0x100), STOP_END_OF_STACK);
	assert_int_equal(run(w, TEXT + 0x110, STACK + 0x100), STOP_BAD_RULE);
}

static void test_ramp_adds_eight_for_each_step_passed(void **state)
{
	struct world *w = *state;
	/* Pushes that end after 1, 3 and 5 bytes. */
	struct unwind_rule ramp = {.cfa_kind = CFA_RSP, .cfa_off = 8, .ramp_mask = 0x15};
	static const uint32_t at[] = {0, 1, 2, 3, 4, 5, 6, 15, 16, 200};
	static const uint32_t off[] = {8, 16, 16, 24, 24, 32, 32, 32, 32, 32};

	add_row(w, TEXT + 0x40, ramp);
	add_row(w, TEXT + 0x800, stop_rule);
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		memset(w->stack, 0, sizeof(w->stack));
		put(w, STACK + 0x100 + off[i] - 8, TEXT + 0x900);
		assert_int_equal(run(w, TEXT + 0x40 + at[i], STACK + 0x100), STOP_END_OF_STACK);
		assert_int_equal(w->walk.record.nr_user, 2);
		assert_int_equal(frame_pc(w, 1), TEXT + 0x900);
	}
}

static void test_ramp_down_takes_eight_for_each_step(void **state)
{
	struct world *w = *state;
	struct unwind_rule ramp = {
		.cfa_kind = CFA_RSP, .cfa_off = 24, .ramp_mask = 0x3, .flags = RULE_RAMP_DOWN};

	add_row(w, TEXT + 0x40, ramp);
	add_row(w, TEXT + 0x800, stop_rule);
	put(w, STACK + 0x100, TEXT + 0x900);
	assert_int_equal(run(w, TEXT + 0x42, STACK + 0x100), STOP_END_OF_STACK);
	assert_int_equal(frame_pc(w, 1), TEXT + 0x900);
}

static void test_rbp_is_restored_from_its_step_on_and_used_by_the_caller(void **state)
{
	struct world *w = *state;
	struct unwind_rule from = {.cfa_kind = CFA_RSP,
				   .cfa_off = 8,
				   .ramp_mask = 1,
				   .rbp_kind = RBP_CFA_FROM,
				   .rbp_step = 1,
				   .rbp_off8 = -2};

	add_row(w, TEXT + 0x40, from);
	add_row(w, TEXT + 0x80, (struct unwind_rule){.cfa_kind = CFA_RBP, .cfa_off = 16});
	add_row(w, TEXT + 0x100, stop_rule);
	/* One push done: CFA is sp+16, rbp at CFA-16, return address at CFA-8. */
	put(w, STACK + 0x100, STACK + 0x200);
	put(w, STACK + 0x108, TEXT + 0x90);
	put(w, STACK + 0x208, TEXT + 0x110);
	assert_int_equal(run(w, TEXT + 0x41, STACK + 0x100), STOP_END_OF_STACK);
	assert_int_equal(w->walk.record.nr_user, 3);
	/* Before the push rbp is the caller's own. */
	w->walk.regs[DW_RBP] = STACK + 0x200;
	put(w, STACK + 0x100, TEXT + 0x90);
	assert_int_equal(run(w, TEXT + 0x40, STACK + 0x100), STOP_END_OF_STACK);
	assert_int_equal(w->walk.record.nr_user, 3);
}

static void test_plt_entry_knows_whether_the_index_was_pushed(void **state)
{
	struct world *w = *state;

	add_row(w, TEXT + 0x20, (struct unwind_rule){.cfa_kind = CFA_PLT11});
	add_row(w, TEXT + 0x100, stop_rule);
	put(w, STACK + 0x100, TEXT + 0x110);
	assert_int_equal(run(w, TEXT + 0x26, STACK + 0x100), STOP_END_OF_STACK);
	put(w, STACK + 0x100, 5);
	put(w, STACK + 0x108, TEXT + 0x110);
	assert_int_equal(run(w, TEXT + 0x2b, STACK + 0x100), STOP_END_OF_STACK);
	assert_int_equal(frame_pc(w, 1), TEXT + 0x110);
}

static void test_dereferenced_cfa_is_what_the_stack_says(void **state)
{
	struct world *w = *state;

	add_row(w, TEXT + 0x20,
		(struct unwind_rule){.cfa_kind = CFA_DEREF_RBP, .cfa_off = -8, .x = 0});
	add_row(w, TEXT + 0x40,
		(struct unwind_rule){.cfa_kind = CFA_DEREF_RSP, .cfa_off = 16, .x = 8});
	add_row(w, TEXT + 0x100, stop_rule);
	w->walk.regs[DW_RBP] = STACK + 0x180;
	put(w, STACK + 0x178, STACK + 0x200);
	put(w, STACK + 0x1f8, TEXT + 0x50);
	put(w, STACK + 0x210, STACK + 0x2f8);
	put(w, STACK + 0x2f8, TEXT + 0x110);
	assert_int_equal(run(w, TEXT + 0x20, STACK + 0x100), STOP_END_OF_STACK);
	assert_int_equal(w->walk.record.nr_user, 3);
}

static void test_behind_clone_only_the_parent_has_a_caller(void **state)
{
	struct world *w = *state;

	add_row(w, TEXT + 0x20, (struct unwind_rule){.cfa_kind = CFA_CLONE, .cfa_off = 8});
	add_row(w, TEXT + 0x100, stop_rule);
	put(w, STACK + 0x100, TEXT + 0x110);
	w->walk.regs[DW_RAX] = 0;
	assert_int_equal(run(w, TEXT + 0x20, STACK + 0x100), STOP_END_OF_STACK);
	assert_int_equal(w->walk.record.nr_user, 1);
	w->walk.regs[DW_RAX] = 42;
	assert_int_equal(run(w, TEXT + 0x20, STACK + 0x100), STOP_END_OF_STACK);
	assert_int_equal(w->walk.record.nr_user, 2);
}

static void test_another_stack_may_lie_below(void **state)
{
	struct world *w = *state;

	add_row(w, TEXT + 0x20,
		(struct unwind_rule){.cfa_kind = CFA_OTHER_STACK,
				     .cfa_off = 16,
				     .rbp_kind = RBP_CFA,
				     .rbp_off8 = -2});
	add_row(w, TEXT + 0x100, stop_rule);
	w->walk.regs[DW_RBP] = STACK + 0x80;
	put(w, STACK + 0x80, STACK + 0xc0);
	put(w, STACK + 0x88, TEXT + 0x110);
	assert_int_equal(run(w, TEXT + 0x20, STACK + 0x200), STOP_END_OF_STACK);
	assert_int_equal(frame_pc(w, 1), TEXT + 0x110);
	assert_int_equal(w->walk.regs[DW_RBP], STACK + 0xc0);
	assert_int_equal(w->walk.nr_guessed, 1);
}

static void test_a_frame_found_by_reading_the_code_is_a_guess(void **state)
{
	struct world *w = *state;

	add_row(w, TEXT + 0x20,
		(struct unwind_rule){.cfa_kind = CFA_RSP, .cfa_off = 8, .flags = RULE_DERIVED});
	add_row(w, TEXT + 0x100, stop_rule);
	put(w, STACK + 0x100, TEXT + 0x110);
	assert_int_equal(run(w, TEXT + 0x20, STACK + 0x100), STOP_END_OF_STACK);
	assert_int_equal(w->walk.nr_guessed, 1);
	assert_true(w->walk.frame[1] & FRAME_GUESSED);
	assert_false(w->walk.frame[0] & FRAME_GUESSED);
}

static void test_register_cfa_holds_in_frame_0_and_not_later(void **state)
{
	struct world *w = *state;

	add_row(w, TEXT + 0x20,
		(struct unwind_rule){.cfa_kind = CFA_REG, .cfa_off = 0, .x = DW_R10});
	add_row(w, TEXT + 0x100, rsp8);
	w->walk.regs[DW_R10] = STACK + 0x200;
	put(w, STACK + 0x1f8, TEXT + 0x30);
	assert_int_equal(run(w, TEXT + 0x20, STACK + 0x100), STOP_LOST_REGISTER);
	assert_int_equal(w->walk.record.nr_user, 2);
}

static void test_return_address_in_a_register_is_taken_from_it(void **state)
{
	struct world *w = *state;

	add_row(w, TEXT + 0x20,
		(struct unwind_rule){
			.cfa_kind = CFA_RSP, .cfa_off = 0, .flags = RULE_RA_REGISTER, .x = DW_RDI});
	add_row(w, TEXT + 0x100, stop_rule);
	w->walk.regs[DW_RDI] = TEXT + 0x110;
	assert_int_equal(run(w, TEXT + 0x20, STACK + 0x100), STOP_END_OF_STACK);
	assert_int_equal(w->walk.record.nr_user, 2);
}

static void test_signal_frame_restores_every_register_and_an_exact_pc(void **state)
{
	struct world *w = *state;
	uint64_t uc = STACK + 0x108;

	add_row(w, TEXT + 0x20, rsp8);
	add_row(w, TEXT + 0x3f, (struct unwind_rule){.cfa_kind = CFA_SIGNAL});
	add_row(w, TEXT + 0x80,
		(struct unwind_rule){.cfa_kind = CFA_REG, .cfa_off = 8, .x = DW_R11});
	add_row(w, TEXT + 0x100, stop_rule);
	put(w, STACK + 0x100, TEXT + 0x40);	 /* the handler returns to the restorer */
	put(w, uc + 40 + 3 * 8, STACK + 0x400);	 /* r11 */
	put(w, uc + 40 + 15 * 8, STACK + 0x300); /* rsp */
	put(w, uc + 40 + 16 * 8, TEXT + 0x80);	 /* rip: the first byte of its function */
	put(w, STACK + 0x400, TEXT + 0x110);
	assert_int_equal(run(w, TEXT + 0x20, STACK + 0x100), STOP_END_OF_STACK);
	assert_int_equal(w->walk.record.nr_user, 4);
	assert_int_equal(w->walk.frame[1], (TEXT + 0x40) | FRAME_EXACT);
	assert_int_equal(w->walk.frame[2], (TEXT + 0x80) | FRAME_EXACT);
}

static void test_cfa_that_does_not_move_up_ends_the_walk(void **state)
{
	struct world *w = *state;

	add_row(w, TEXT + 0x20, (struct unwind_rule){.cfa_kind = CFA_RBP, .cfa_off = 16});
	w->walk.regs[DW_RBP] = STACK + 0x50;
	assert_int_equal(run(w, TEXT + 0x20, STACK + 0x100), STOP_NO_PROGRESS);
}

static void test_zero_is_the_bottom_of_an_aligned_stack_that_cfi_describes(void **state)
{
	struct world *w = *state;

	memset(w->text, 0, sizeof(w->text));
	add_row(w, TEXT + 0x20, rsp8);
	put(w, STACK + 0x108, 0);
	assert_int_equal(run(w, TEXT + 0x20, STACK + 0x108), STOP_END_OF_STACK);
	assert_int_equal(w->walk.record.nr_user, 1);
	put(w, STACK + 0x100, 0);
	assert_int_equal(run(w, TEXT + 0x20, STACK + 0x100), STOP_ZERO_RETURN);
	assert_int_equal(w->walk.record.nr_user, 1);
	w->rules.rule[1].flags = RULE_DERIVED;
	w->table.generation++;
	assert_int_equal(run(w, TEXT + 0x20, STACK + 0x108), STOP_ZERO_RETURN);
	assert_int_equal(w->walk.nr_guessed, 0);
}

/* Hand-written code calls a subroutine of its own, which its CFI does not know of. */
static void test_a_subroutine_inside_a_function_has_its_caller_on_top_of_the_stack(void **state)
{
	static const uint64_t wrong[] = {0, TEXT + 0x300};
	struct world *w = *state;

	memset(w->text, 0, sizeof(w->text));
	w->text[0x2b] = w->text[0x10b] = 0xe8;
	add_row(w, TEXT + 0x20, (struct unwind_rule){.cfa_kind = CFA_RSP, .cfa_off = 24});
	add_row(w, TEXT + 0x100, stop_rule);
	put(w, STACK + 0x100, TEXT + 0x30);
	put(w, STACK + 0x118, TEXT + 0x110);
	for (size_t i = 0; i < 2; i++) {
		/* What the rule takes for the return address: zero, or a function's first byte. */
		put(w, STACK + 0x110, wrong[i]);
		assert_int_equal(run(w, TEXT + 0x40, STACK + 0x100), STOP_END_OF_STACK);
		assert_int_equal(w->walk.record.nr_user, 3);
		assert_int_equal(w->walk.frame[1], (TEXT + 0x30) | FRAME_GUESSED);
		assert_int_equal(w->walk.frame[2], TEXT + 0x110);
	}
	/* With more on top nothing tells: cut, without the frame that is none. */
	put(w, STACK + 0x100, 1);
	assert_int_equal(run(w, TEXT + 0x40, STACK + 0x100), STOP_NO_CALL);
	assert_int_equal(w->walk.record.nr_user, 1);
}

static void test_a_derived_rule_that_leads_nowhere_gives_way_to_the_frame_pointer(void **state)
{
	static const uint64_t wrong[] = {0, TEXT + 0x300, 0x1234};
	struct world *w = *state;
	uint64_t hash = 0;

	memset(w->text, 0, sizeof(w->text));
	w->text[0x10b] = w->text[0x2b] = 0xe8;
	add_row(w, TEXT + 0x10, rsp8);
	add_row(w, TEXT + 0x20,
		(struct unwind_rule){.cfa_kind = CFA_RSP, .cfa_off = 8, .flags = RULE_DERIVED});
	add_row(w, TEXT + 0x100, stop_rule);
	put(w, STACK + 0x100, TEXT + 0x30);
	put(w, STACK + 0x200, 0);
	put(w, STACK + 0x208, TEXT + 0x110);
	for (size_t i = 0; i < 3; i++) {
		w->walk.record.key.hash[0] = w->walk.record.key.hash[1] = 0;
		w->walk.regs[DW_RBP] = STACK + 0x200;
		put(w, STACK + 0x108, wrong[i]);
		assert_int_equal(run(w, TEXT + 0x10, STACK + 0x100), STOP_END_OF_STACK);
		assert_int_equal(w->walk.record.nr_user, 3);
		assert_int_equal(w->walk.frame[2], (TEXT + 0x110) | FRAME_GUESSED);
		assert_int_equal(w->walk.nr_guessed, 1);
		/* What was taken back is in the hash no more. */
		assert_true(!i || w->walk.record.key.hash[0] == hash);
		hash = w->walk.record.key.hash[0];
	}
}

static void test_a_return_address_may_lie_away_from_the_cfa(void **state)
{
	struct world *w = *state;

	add_row(w, TEXT + 0x20,
		(struct unwind_rule){.cfa_kind = CFA_RBP_RA,
				     .cfa_off = 16,
				     .x = -0x108,
				     .rbp_kind = RBP_UNDEFINED});
	add_row(w, TEXT + 0x100, stop_rule);
	w->walk.regs[DW_RBP] = STACK + 0x200;
	put(w, STACK + 0x100, TEXT + 0x110);
	assert_int_equal(run(w, TEXT + 0x20, STACK + 0x80), STOP_END_OF_STACK);
	assert_int_equal(w->walk.frame[1], TEXT + 0x110);
	assert_int_equal(w->walk.sp, STACK + 0x210);
}

static void test_unreadable_stack_is_a_read_fault_and_a_hole_behind_it_is_not(void **state)
{
	struct world *w = *state;

	add_row(w, TEXT + 0x20, rsp8);
	add_row(w, TEXT + 0x100, stop_rule);
	w->unreadable = STACK + 0x1000;
	put(w, STACK + 0xff8, TEXT + 0x110);
	assert_int_equal(run(w, TEXT + 0x20, STACK + 0xff8), STOP_END_OF_STACK);
	assert_int_equal(run(w, TEXT + 0x20, STACK + 0x1008), STOP_READ_FAULT);
}

static void test_pc_outside_every_mapping_and_code_without_row_are_named(void **state)
{
	struct world *w = *state;

	add_row(w, TEXT + 0x20, rsp8);
	assert_int_equal(run(w, 0x10, STACK + 0x100), STOP_NO_MAPPING);
	assert_int_equal(run(w, TEXT + 0x10, STACK + 0x100), STOP_NO_ROW);
	w->table.entry[0].blob = MAPPING_NO_TABLE;
	w->table.generation++;
	assert_int_equal(run(w, TEXT + 0x20, STACK + 0x100), STOP_NO_TABLE);
}

static void test_leaf_without_cfi_is_guessed_when_a_call_leads_to_it(void **state)
{
	struct world *w = *state;

	add_row(w, TEXT + 0x100, stop_rule);
	put(w, STACK + 0x100, TEXT + 0x110);
	memset(w->text, 0, sizeof(w->text));
	assert_int_equal(run(w, TEXT + 0x10, STACK + 0x100), STOP_NO_ROW);
	w->text[0x10b] = 0xe8;
	assert_int_equal(run(w, TEXT + 0x10, STACK + 0x100), STOP_END_OF_STACK);
	assert_int_equal(w->walk.frame[1], (TEXT + 0x110) | FRAME_GUESSED);
	assert_int_equal(w->walk.nr_guessed, 1);
}

static void test_frame_pointer_is_followed_where_there_is_no_cfi(void **state)
{
	struct world *w = *state;

	add_row(w, TEXT + 0x100, stop_rule);
	memset(w->text, 0, sizeof(w->text));
	w->text[0x10b] = 0xe8;
	w->walk.regs[DW_RBP] = STACK + 0x200;
	put(w, STACK + 0x200, STACK + 0x300);
	put(w, STACK + 0x208, TEXT + 0x110);
	assert_int_equal(run(w, TEXT + 0x10, STACK + 0x100), STOP_END_OF_STACK);
	assert_int_equal(w->walk.record.nr_user, 2);
	assert_int_equal(w->walk.nr_guessed, 1);
}

static void test_depth_limit_ends_endless_recursion(void **state)
{
	struct world *w = *state;

	add_row(w, TEXT + 0x20, rsp8);
	for (uint32_t i = 0; i < STACK_SIZE; i += 8)
		put(w, STACK + i, TEXT + 0x30);
	assert_int_equal(run(w, TEXT + 0x20, STACK), STOP_MAX_FRAMES);
	assert_int_equal(w->walk.record.nr_user, CTRACE_MAX_FRAMES);
}

static int answer_return(void *arg, uint64_t where, uint64_t *ret_addr)
{
	(void)arg;
	if (where != STACK + 0x100)
		return -1;
	*ret_addr = TEXT + 0x110;
	return 0;
}

static void test_return_probe_trampoline_is_replaced_by_the_true_return_address(void **state)
{
	struct world *w = *state;

	add_row(w, TEXT + 0x20, rsp8);
	add_row(w, TEXT + 0x100, stop_rule);
	w->walk.uprobes_start = 0x7fffffffe000;
	put(w, STACK + 0x100, 0x7fffffffe000);
	assert_int_equal(run(w, TEXT + 0x20, STACK + 0x100), STOP_UPROBE_RETURN);
	w->host.uprobe_return = answer_return;
	assert_int_equal(run(w, TEXT + 0x20, STACK + 0x100), STOP_END_OF_STACK);
	assert_int_equal(frame_pc(w, 1), TEXT + 0x110);
}

static void test_cached_rule_is_not_used_for_another_generation(void **state)
{
	struct world *w = *state;

	add_row(w, TEXT + 0x20, rsp8);
	add_row(w, TEXT + 0x100, stop_rule);
	put(w, STACK + 0x100, TEXT + 0x110);
	assert_int_equal(run(w, TEXT + 0x20, STACK + 0x100), STOP_END_OF_STACK);
	w->rules.rule[1] = (struct unwind_rule){.cfa_kind = CFA_RSP, .cfa_off = 16};
	put(w, STACK + 0x108, TEXT + 0x118);
	assert_int_equal(run(w, TEXT + 0x20, STACK + 0x100), STOP_END_OF_STACK);
	assert_int_equal(frame_pc(w, 1), TEXT + 0x110);
	w->table.generation++;
	assert_int_equal(run(w, TEXT + 0x20, STACK + 0x100), STOP_END_OF_STACK);
	assert_int_equal(frame_pc(w, 1), TEXT + 0x118);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_rsp_rule_leads_to_caller_and_stop_rule_ends_the_stack),
		T(test_return_address_is_looked_up_one_byte_earlier_but_frame_0_is_not),
		T(test_ramp_adds_eight_for_each_step_passed),
		T(test_ramp_down_takes_eight_for_each_step),
		T(test_rbp_is_restored_from_its_step_on_and_used_by_the_caller),
		T(test_plt_entry_knows_whether_the_index_was_pushed),
		T(test_dereferenced_cfa_is_what_the_stack_says),
		T(test_behind_clone_only_the_parent_has_a_caller),
		T(test_another_stack_may_lie_below),
		T(test_a_frame_found_by_reading_the_code_is_a_guess),
		T(test_register_cfa_holds_in_frame_0_and_not_later),
		T(test_return_address_in_a_register_is_taken_from_it),
		T(test_signal_frame_restores_every_register_and_an_exact_pc),
		T(test_cfa_that_does_not_move_up_ends_the_walk),
		T(test_zero_is_the_bottom_of_an_aligned_stack_that_cfi_describes),
		T(test_a_subroutine_inside_a_function_has_its_caller_on_top_of_the_stack),
		T(test_a_derived_rule_that_leads_nowhere_gives_way_to_the_frame_pointer),
		T(test_a_return_address_may_lie_away_from_the_cfa),
		T(test_unreadable_stack_is_a_read_fault_and_a_hole_behind_it_is_not),
		T(test_pc_outside_every_mapping_and_code_without_row_are_named),
		T(test_leaf_without_cfi_is_guessed_when_a_call_leads_to_it),
		T(test_frame_pointer_is_followed_where_there_is_no_cfi),
		T(test_depth_limit_ends_endless_recursion),
		T(test_return_probe_trampoline_is_replaced_by_the_true_return_address),
		T(test_cached_rule_is_not_used_for_another_generation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
