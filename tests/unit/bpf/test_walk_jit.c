/* SPDX-License-Identifier: MIT */
/* The step out of code made at run time: whose frame pointer is believed, and where it is cut. */
#include "test.h"

#include "walk_host.h"

#include <stdbool.h>
#include <stdlib.h>

/* A program's own code, and behind it what it made at run time. */
#define TEXT	   0x400000u
#define JIT	   0x402000u
#define TEXT_SIZE  0x4000u
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

#define BLOCKS ((JIT - TEXT) >> CTRACE_BLOCK_SHIFT)

/* From TEXT on functions that have pushed nothing, from TEXT + 0x100 on outermost ones. */
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
	w->blobs[0] = &w->blob;
	w->rules.rule[1] = (struct unwind_rule){.cfa_kind = CFA_RSP, .cfa_off = 8};
	w->rules.rule[2] = (struct unwind_rule){.cfa_kind = CFA_STOP};
	for (uint32_t i = 0; i <= BLOCKS; i++)
		w->blob.word[i] = BLOCKS + (i ? 3 : 1);
	w->blob.word[BLOCKS + 1] = CTRACE_ROW(0, 1);
	w->blob.word[BLOCKS + 2] = CTRACE_ROW(0x100, 2);
	w->table.nr = 2;
	w->table.generation = 1;
	w->table.start[0] = TEXT;
	w->table.entry[0] = (struct mapping_entry){
		.end = JIT,
		.index_base = (uint32_t) - (TEXT >> CTRACE_BLOCK_SHIFT),
	};
	w->table.start[1] = JIT;
	w->table.entry[1] = (struct mapping_entry){.end = TEXT + TEXT_SIZE, .blob = MAPPING_JIT};
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
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

/*
 * The frame pointer leads to a return address behind a call; TEXT + 0x30 and TEXT + 0x110 are such,
 * and no other address of the program's own code.
 */
static void begin(struct world *w, bool keeps_rbp)
{
	memset(w->text, 0, JIT - TEXT);
	memset(w->text + (JIT - TEXT), 0x90, TEXT_SIZE - (JIT - TEXT));
	w->text[0x2b] = 0xe8;
	w->text[0x10b] = 0xe8;
	w->table.jit_keeps_rbp = keeps_rbp;
	w->walk.regs[DW_RBP] = STACK + 0x200;
	put(w, STACK + 0x200, STACK + 0x300);
	put(w, STACK + 0x208, TEXT + 0x110);
}

static void test_frame_pointer_of_jit_code_is_taken_when_nothing_can_lie_below(void **state)
{
	struct world *w = *state;

	begin(w, false);
	put(w, STACK + 0x180, STACK + 0x400);
	assert_int_equal(run(w, JIT + 0x10, STACK + 0x100), STOP_END_OF_STACK);
	assert_int_equal(w->walk.record.nr_user, 2);
	assert_int_equal(w->walk.frame[1], (TEXT + 0x110) | FRAME_GUESSED);
}

static void test_frame_pointer_above_another_return_address_is_stale(void **state)
{
	struct world *w = *state;

	begin(w, false);
	/* Of a frame in between: into code made at run time, which need not follow a call. */
	put(w, STACK + 0x180, JIT + 0x40);
	assert_int_equal(run(w, JIT + 0x10, STACK + 0x100), STOP_JIT_FRAME);
	assert_int_equal(w->walk.record.nr_user, 1);
	/* Or into a program's own code, behind a call. */
	put(w, STACK + 0x180, TEXT + 0x110);
	assert_int_equal(run(w, JIT + 0x10, STACK + 0x100), STOP_JIT_FRAME);
	put(w, STACK + 0x180, TEXT + 0x111);
	assert_int_equal(run(w, JIT + 0x10, STACK + 0x100), STOP_END_OF_STACK);
}

static void test_a_frame_that_the_code_before_pc_has_made_is_believed(void **state)
{
	static const uint8_t enter[] = {0x55, 0x48, 0x89, 0xe5}, leave[] = {0x5d, 0xc3};
	struct world *w = *state;

	begin(w, false);
	put(w, STACK + 0x180, JIT + 0x40);
	memcpy(w->text + (JIT - TEXT) + 0x400, enter, sizeof(enter));
	assert_int_equal(run(w, JIT + 0x440, STACK + 0x100), STOP_END_OF_STACK);
	/* Not that of the function before. */
	w->walk.regs[DW_RBP] = STACK + 0x200;
	memcpy(w->text + (JIT - TEXT) + 0x420, leave, sizeof(leave));
	assert_int_equal(run(w, JIT + 0x440, STACK + 0x100), STOP_JIT_FRAME);
	/* Nor where that ended with a jump. */
	w->walk.regs[DW_RBP] = STACK + 0x200;
	w->text[JIT - TEXT + 0x421] = 0xe9;
	assert_int_equal(run(w, JIT + 0x440, STACK + 0x100), STOP_JIT_FRAME);
	/* Code that begins with its page. */
	w->unreadable = JIT - 4096;
	memcpy(w->text + (JIT - TEXT), enter, sizeof(enter));
	assert_int_equal(run(w, JIT + 0x20, STACK + 0x100), STOP_END_OF_STACK);
}

static void test_frame_too_large_to_search_is_cut(void **state)
{
	struct world *w = *state;

	begin(w, false);
	w->walk.regs[DW_RBP] = STACK + 0x100 + GUESS_MAX_WORDS * 8;
	put(w, STACK + 0x108 + GUESS_MAX_WORDS * 8, TEXT + 0x110);
	put(w, STACK + 0x208, 0);
	assert_int_equal(run(w, JIT + 0x10, STACK + 0x100), STOP_JIT_FRAME);
	w->walk.regs[DW_RBP] = STACK + 0x100 + GUESS_MAX_WORDS * 8;
	assert_int_equal(run(w, JIT + 0x10, STACK + 0x108), STOP_END_OF_STACK);
}

static void test_a_runtime_known_to_keep_frame_pointers_is_believed(void **state)
{
	struct world *w = *state;

	begin(w, true);
	put(w, STACK + 0x180, JIT + 0x40);
	assert_int_equal(run(w, JIT + 0x10, STACK + 0x100), STOP_END_OF_STACK);
	assert_int_equal(w->walk.record.nr_user, 2);
	w->walk.regs[DW_RBP] = 42;
	assert_int_equal(run(w, JIT + 0x10, STACK + 0x100), STOP_JIT_FRAME);
}

static void test_jit_code_at_the_edge_of_its_frame_has_its_caller_on_top(void **state)
{
	static const uint8_t enter[] = {0x55, 0x48, 0x89, 0xe5},
			     enter2[] = {0x55, 0x48, 0x8b, 0xec};
	struct world *w = *state;
	const struct {
		const uint8_t *code;
		uint32_t pc, off;
	} cases[] = {{enter, 0, 0}, {enter, 1, 8}, {enter2, 0, 0}, {enter2, 1, 8}};

	begin(w, true);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(w->text + (JIT - TEXT) + 0x10, cases[i].code, 4);
		memset(w->stack, 0, sizeof(w->stack));
		/* The caller's caller, which the stale frame pointer leads to, is not skipped to.
		 */
		put(w, STACK + 0x100 + cases[i].off, TEXT + 0x30);
		put(w, STACK + 0x108 + cases[i].off, TEXT + 0x110);
		assert_int_equal(run(w, JIT + 0x10 + cases[i].pc, STACK + 0x100),
				 STOP_END_OF_STACK);
		assert_int_equal(w->walk.record.nr_user, 3);
		assert_int_equal(frame_pc(w, 1), TEXT + 0x30);
	}
	w->text[JIT - TEXT + 0x10] = 0xc3;
	put(w, STACK + 0x100, TEXT + 0x110);
	assert_int_equal(run(w, JIT + 0x10, STACK + 0x100), STOP_END_OF_STACK);
	assert_int_equal(w->walk.record.nr_user, 2);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_frame_pointer_of_jit_code_is_taken_when_nothing_can_lie_below),
		T(test_frame_pointer_above_another_return_address_is_stale),
		T(test_a_frame_that_the_code_before_pc_has_made_is_believed),
		T(test_frame_too_large_to_search_is_cut),
		T(test_a_runtime_known_to_keep_frame_pointers_is_believed),
		T(test_jit_code_at_the_edge_of_its_frame_has_its_caller_on_top),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
