/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "common/elf_image.h"
#include "elf_maker.h"
#include "unwind/table.h"

#include <stdlib.h>
#include <string.h>

#define TEXT MAKER_TEXT_VADDR

/* A function of the table to be made: 256 bytes of text each. */
struct func {
	const char *name;
	const uint8_t *depths; /* pairs, ended by a zero */
};

#define FUNC_BYTES 0x100

static void put(struct maker_frame *table, uint64_t value, size_t size)
{
	maker_add_bytes(table, &value, size);
}

/* A table as Go 1.18 (@magic ...f0) or 1.20 (...f1) writes it. */
static void make_table(struct maker_frame *table, uint32_t magic, const struct func *funcs,
		       size_t nr)
{
	uint64_t names = 8 + 8 * 8, depths = names + nr * 64, list = depths + nr * 32 + 8;
	uint64_t entries = (nr * 2 + 1) * 4;

	put(table, magic, 4);
	put(table, 0x08010000, 4);
	put(table, nr, 8);
	put(table, 0, 8);
	put(table, TEXT, 8);
	put(table, names, 8);
	put(table, 0, 8);
	put(table, 0, 8);
	put(table, depths - 1, 8);
	put(table, list, 8);
	for (size_t i = 0; i < nr; i++) {
		char name[64] = "";

		strncpy(name, funcs[i].name, sizeof(name) - 1);
		maker_add_bytes(table, name, sizeof(name));
	}
	for (size_t i = 0; i < nr; i++) {
		uint8_t steps[32] = {0};

		memcpy(steps, funcs[i].depths, strlen((const char *)funcs[i].depths));
		maker_add_bytes(table, steps, sizeof(steps));
	}
	put(table, 0, 8);
	for (size_t i = 0; i < nr; i++) {
		put(table, i * FUNC_BYTES, 4);
		put(table, entries + i * 64, 4);
	}
	put(table, nr * FUNC_BYTES, 4);
	for (size_t i = 0; i < nr; i++) {
		put(table, i * FUNC_BYTES, 4);
		put(table, i * 64, 4);
		put(table, 0, 8);
		put(table, 1 + i * 32, 4);
		put(table, 0, 44);
	}
}

/* 0 until byte 4, 0x18 until byte 0x60, 0 until the end; differences are zig-zag. */
static const uint8_t depths_24[] = {2, 4, 0x30, 0x5c, 0x2f, 0xff, 1, 0};
static const uint8_t depths_0[] = {2, 0xff, 1, 0};

static struct unwind_table *build(const struct func *funcs, size_t nr, size_t code_off,
				  const void *code, size_t code_size)
{
	struct maker_frame *go = calloc(1, sizeof(*go));
	struct maker_elf elf = {.debug_frame = go,
				.debug_is_go = true,
				.code_off = code_off,
				.code = code,
				.code_size = code_size};
	struct unwind_table *table = NULL;
	struct elf_image *image;
	uint8_t *file;
	size_t size;

	make_table(go, 0xfffffff0, funcs, nr);
	file = maker_make_elf(&elf, &size);
	assert_int_equal(elf_image_open_memory(file, size, &image), 0);
	assert_int_equal(unwind_table_build(image, NULL, &table), 0);
	elf_image_close(image);
	free(file);
	free(go);
	return table;
}

static void assert_rule(const struct unwind_table *table, uint64_t vaddr, int cfa_kind,
			int32_t cfa_off, int rbp_kind)
{
	struct unwind_rule rule;

	unwind_table_lookup(table, vaddr, &rule);
	if (rule.cfa_kind != cfa_kind || rule.cfa_off != cfa_off || rule.rbp_kind != rbp_kind)
		fail_msg("%lx: kind %d off %d rbp %d, not %d %d %d", vaddr, rule.cfa_kind,
			 rule.cfa_off, rule.rbp_kind, cfa_kind, cfa_off, rbp_kind);
	if (rbp_kind == RBP_CFA)
		assert_int_equal(rule.rbp_off8, -2);
}

static void test_a_frame_is_as_large_as_the_table_says(void **state)
{
	(void)state;
	const struct func funcs[] = {{"main.main", depths_24}};
	/* sub $24,%rsp; mov %rbp,16(%rsp) */
	const uint8_t code[] = {0x48, 0x83, 0xec, 0x18, 0x48, 0x89, 0x6c, 0x24, 0x10};
	struct unwind_table *table = build(funcs, 1, 0, code, sizeof(code));

	assert_rule(table, TEXT, CFA_RSP, 8, RBP_SAME);
	assert_rule(table, TEXT + 4, CFA_RSP, 32, RBP_SAME);
	assert_rule(table, TEXT + 9, CFA_RSP, 32, RBP_CFA);
	assert_rule(table, TEXT + 0x5f, CFA_RSP, 32, RBP_CFA);
	assert_rule(table, TEXT + 0x60, CFA_RSP, 8, RBP_SAME);
	unwind_table_free(table);
}

static void test_a_pushed_frame_pointer_is_saved_at_once(void **state)
{
	(void)state;
	const struct func funcs[] = {{"main.main", depths_24}};
	const uint8_t code[] = {0x90, 0x90, 0x90, 0x55};
	struct unwind_table *table = build(funcs, 1, 0, code, sizeof(code));

	assert_rule(table, TEXT + 3, CFA_RSP, 8, RBP_SAME);
	assert_rule(table, TEXT + 4, CFA_RSP, 32, RBP_CFA);
	unwind_table_free(table);
}

static void test_a_goroutine_ends_at_goexit(void **state)
{
	(void)state;
	const struct func funcs[] = {{"main.main", depths_0}, {"runtime.goexit.abi0", depths_0}};
	struct unwind_table *table = build(funcs, 2, 0, NULL, 0);

	assert_rule(table, TEXT + 0x80, CFA_RSP, 8, RBP_SAME);
	assert_rule(table, TEXT + FUNC_BYTES + 1, CFA_STOP, 0, RBP_SAME);
	unwind_table_free(table);
}

static void test_a_signal_handler_returns_to_a_signal_frame(void **state)
{
	(void)state;
	const struct func funcs[] = {{"main.main", depths_0}, {"runtime.sigreturn", depths_0}};
	struct unwind_table *table = build(funcs, 2, 0, NULL, 0);

	assert_rule(table, TEXT + FUNC_BYTES - 2, CFA_RSP, 8, RBP_SAME);
	assert_rule(table, TEXT + FUNC_BYTES - 1, CFA_SIGNAL, 0, RBP_SAME);
	assert_rule(table, TEXT + FUNC_BYTES, CFA_SIGNAL, 0, RBP_SAME);
	unwind_table_free(table);
}

static void test_systemstack_goes_on_where_rbp_points(void **state)
{
	(void)state;
	const struct func funcs[] = {{"runtime.systemstack.abi0", depths_0}};
	/* mov %rbx,%rsp; call *%rdi; mov 0x38(%rax),%rsp; ret */
	const uint8_t code[] = {0x48, 0x89, 0xdc, 0xff, 0xd7, 0x48, 0x8b, 0x60, 0x38, 0xc3};
	struct unwind_table *table = build(funcs, 1, 0x20, code, sizeof(code));

	assert_rule(table, TEXT + 0x22, CFA_RSP, 8, RBP_SAME);
	assert_rule(table, TEXT + 0x23, CFA_OTHER_STACK, 16, RBP_CFA);
	assert_rule(table, TEXT + 0x25, CFA_OTHER_STACK, 16, RBP_CFA);
	assert_rule(table, TEXT + 0x29, CFA_RSP, 8, RBP_SAME);
	unwind_table_free(table);
}

static void test_mcall_never_comes_back(void **state)
{
	(void)state;
	const struct func funcs[] = {{"runtime.mcall", depths_0}};
	const uint8_t code[] = {0x49, 0x8b, 0x66, 0x38};
	struct unwind_table *table = build(funcs, 1, 0x20, code, sizeof(code));

	assert_rule(table, TEXT + 0x20, CFA_RSP, 8, RBP_SAME);
	assert_rule(table, TEXT + 0x24, CFA_STOP, 0, RBP_SAME);
	assert_rule(table, TEXT + 0x80, CFA_STOP, 0, RBP_SAME);
	unwind_table_free(table);
}

static void test_a_thread_begins_where_clone_has_returned(void **state)
{
	(void)state;
	const struct func funcs[] = {{"runtime.clone", depths_0}};
	/* syscall; ret; nop; call *%r12 */
	const uint8_t code[] = {0x0f, 0x05, 0xc3, 0x90, 0x41, 0xff, 0xd4};
	struct unwind_table *table = build(funcs, 1, 0x20, code, sizeof(code));

	assert_rule(table, TEXT + 0x22, CFA_RSP, 8, RBP_SAME);
	assert_rule(table, TEXT + 0x26, CFA_STOP, 0, RBP_SAME);
	unwind_table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_frame_is_as_large_as_the_table_says),
		cmocka_unit_test(test_a_pushed_frame_pointer_is_saved_at_once),
		cmocka_unit_test(test_a_goroutine_ends_at_goexit),
		cmocka_unit_test(test_a_signal_handler_returns_to_a_signal_frame),
		cmocka_unit_test(test_systemstack_goes_on_where_rbp_points),
		cmocka_unit_test(test_mcall_never_comes_back),
		cmocka_unit_test(test_a_thread_begins_where_clone_has_returned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
