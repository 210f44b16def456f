/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "common/elf_image.h"
#include "elf_maker.h"
#include "unwind/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TEXT MAKER_TEXT_VADDR

static int build_with(const struct maker_elf *elf, const struct unwind_options *options,
		      struct unwind_table **ret_table)
{
	struct elf_image *image;
	size_t size;
	uint8_t *file = maker_make_elf(elf, &size);
	int err;

	assert_int_equal(elf_image_open_memory(file, size, &image), 0);
	err = unwind_table_build(image, options, ret_table);
	elf_image_close(image);
	free(file);
	return err;
}

static struct unwind_table *build(const struct maker_elf *elf)
{
	struct unwind_table *table = NULL;

	assert_int_equal(build_with(elf, NULL, &table), 0);
	return table;
}

static struct unwind_rule at(const struct unwind_table *table, uint64_t vaddr)
{
	struct unwind_rule rule;

	unwind_table_lookup(table, vaddr, &rule);
	return rule;
}

static void assert_rsp(const struct unwind_table *table, uint64_t vaddr, int32_t off)
{
	struct unwind_rule rule = at(table, vaddr);

	if (rule.cfa_kind != CFA_RSP || rule.cfa_off != off || rule.ramp_mask)
		fail_msg("%lx: kind %d off %d mask %x, not rsp+%d", vaddr, rule.cfa_kind,
			 rule.cfa_off, rule.ramp_mask, off);
}

static void assert_kind(const struct unwind_table *table, uint64_t vaddr, enum cfa_kind kind)
{
	struct unwind_rule rule = at(table, vaddr);

	if (rule.cfa_kind != kind)
		fail_msg("%lx: kind %d, not %d", vaddr, rule.cfa_kind, kind);
}

static void assert_gap(const struct unwind_table *table, uint64_t vaddr)
{
	struct unwind_rule rule = at(table, vaddr);

	if (rule.cfa_kind != CFA_NONE || rule.x != NONE_GAP)
		fail_msg("%lx: kind %d, not a hole", vaddr, rule.cfa_kind);
}

/* push; push; ... at the first byte and at the fifth. */
#define TWO_PUSHES                                                                             \
	MAKER_BYTES(DW_CFA_advance_loc | 1, DW_CFA_def_cfa_offset, 16, DW_CFA_advance_loc | 4, \
		    DW_CFA_def_cfa_offset, 24)

static void add_functions(struct maker_frame *frame)
{
	size_t cie = maker_add_plain_cie(frame);

	maker_add_fde(frame, cie, TEXT + 0x100, 0x40, TWO_PUSHES);
	maker_add_fde(frame, cie, TEXT + 0x14f, 0x31, TWO_PUSHES);
	maker_add_fde(frame, cie, TEXT + 0x200, 0x20000, TWO_PUSHES);
	maker_add_terminator(frame);
}

static void check_functions(const struct unwind_table *table)
{
	assert_gap(table, TEXT + 0xff);
	assert_rsp(table, TEXT + 0x100, 8);
	assert_rsp(table, TEXT + 0x101, 16);
	assert_rsp(table, TEXT + 0x104, 16);
	assert_rsp(table, TEXT + 0x105, 24);
	assert_rsp(table, TEXT + 0x13f, 24);
	assert_rsp(table, TEXT + 0x14e, 24); /* 15 bytes of padding */
	assert_rsp(table, TEXT + 0x14f, 8);
	assert_rsp(table, TEXT + 0x17f, 24);
	assert_gap(table, TEXT + 0x180); /* 128 bytes of hole */
	assert_gap(table, TEXT + 0x1ff);
	assert_rsp(table, TEXT + 0x200, 8);
	assert_rsp(table, TEXT + 0x201, 16);
	assert_rsp(table, TEXT + 0x205, 24);
	/* 64 KiB further the distance to the row is a small number again. */
	assert_rsp(table, TEXT + 0x10200, 24);
	assert_rsp(table, TEXT + 0x10203, 24);
	assert_rsp(table, TEXT + 0x201ff, 24);
	assert_gap(table, TEXT + 0x20200);
	assert_gap(table, TEXT - 0x2000);
	assert_gap(table, TEXT + MAKER_TEXT_SIZE + 0x100000);
}

static void test_rows_come_from_wherever_the_cfi_lies(void **state)
{
	static struct maker_frame eh, debug;
	const struct maker_elf elves[] = {
		{.eh_frame = &eh},
		{.eh_frame = &eh, .no_sections = true},
		{.eh_frame = &eh, .no_header = true},
		{.debug_frame = &debug},
	};

	(void)state;
	debug.is_debug_frame = true;
	add_functions(&eh);
	add_functions(&debug);
	for (size_t i = 0; i < sizeof(elves) / sizeof(elves[0]); i++) {
		struct unwind_table *table = build(&elves[i]);

		check_functions(table);
		assert_int_equal(table->stats.fdes, 3);
		assert_int_equal(table->stats.bad_fdes, 0);
		assert_int_equal(table->stats.cfi_rows, 9);
		assert_int_equal(table->vaddr_begin, TEXT);
		assert_int_equal(table->vaddr_end, TEXT + 0x20400);
		unwind_table_free(table);
	}
}

static void test_the_layout_is_the_contracts(void **state)
{
	static struct maker_frame eh;
	struct unwind_table *table;

	(void)state;
	add_functions(&eh);
	table = build(&(struct maker_elf){.eh_frame = &eh});
	assert_int_equal(table->nr_blocks, (table->vaddr_end - table->vaddr_begin) >> 10);
	assert_int_equal(table->index[0], 0);
	assert_int_equal(table->index[table->nr_blocks], table->nr_rows);
	assert_int_equal(table->rows[0], CTRACE_ROW(TEXT & 0xffff, 0));
	assert_int_equal(table->rules[0].cfa_kind, CFA_NONE);
	assert_int_equal(table->rules[0].x, NONE_GAP);
	for (uint32_t b = 0; b < table->nr_blocks; b++)
		for (uint32_t i = table->index[b]; i < table->index[b + 1]; i++) {
			assert_int_equal(CTRACE_ROW_PC16(table->rows[i]) >> 10,
					 ((TEXT >> 10) + b) & 63);
			assert_true(CTRACE_ROW_RULE(table->rows[i]) < table->nr_rules);
			assert_true(i == table->index[b] || table->rows[i] > table->rows[i - 1]);
		}
	unwind_table_free(table);
}

static void test_a_table_covers_what_is_known_and_little_more(void **state)
{
	static struct maker_frame middle, whole;
	struct unwind_table *table;
	size_t cie;

	(void)state;
	cie = maker_add_plain_cie(&middle);
	maker_add_fde(&middle, cie, TEXT + 0x10110, 0x40, NULL, 0);
	maker_add_fde(&middle, cie, TEXT + 0x20110, 0x2f0, NULL, 0);
	table = build(&(struct maker_elf){.eh_frame = &middle});
	assert_int_equal(table->vaddr_begin, TEXT + 0x10000);
	assert_int_equal(table->vaddr_end, TEXT + 0x20400);
	assert_gap(table, TEXT + 0x1010f);
	assert_rsp(table, TEXT + 0x10110, 8);
	assert_rsp(table, TEXT + 0x203ff, 8);
	assert_gap(table, TEXT + 0x20400);
	assert_int_equal(table->index[table->nr_blocks], table->nr_rows);
	unwind_table_free(table);

	cie = maker_add_plain_cie(&whole);
	maker_add_fde(&whole, cie, TEXT + 0x3f00, 0x40, NULL, 0);
	maker_add_fde(&whole, cie, TEXT + MAKER_TEXT_SIZE - 0x3f00, 0x40, NULL, 0);
	table = build(&(struct maker_elf){.eh_frame = &whole});
	assert_int_equal(table->vaddr_begin, TEXT);
	assert_int_equal(table->vaddr_end, TEXT + MAKER_TEXT_SIZE);
	unwind_table_free(table);
}

static void test_debug_frame_fills_holes_only(void **state)
{
	static struct maker_frame eh, debug;
	struct unwind_table *table;
	size_t cie;

	(void)state;
	debug.is_debug_frame = true;
	cie = maker_add_plain_cie(&eh);
	maker_add_fde(&eh, cie, TEXT + 0x100, 0x40, NULL, 0);
	cie = maker_add_plain_cie(&debug);
	maker_add_fde(&debug, cie, TEXT + 0x100, 0x20, MAKER_BYTES(DW_CFA_def_cfa_offset, 64));
	maker_add_fde(&debug, cie, TEXT + 0x80, 0x90, MAKER_BYTES(DW_CFA_def_cfa_offset, 72));
	maker_add_fde(&debug, cie, TEXT + 0x300, 0x20, MAKER_BYTES(DW_CFA_def_cfa_offset, 80));
	table = build(&(struct maker_elf){.eh_frame = &eh, .debug_frame = &debug});
	assert_rsp(table, TEXT + 0x80, 72);
	assert_rsp(table, TEXT + 0xff, 72);
	assert_rsp(table, TEXT + 0x100, 8);
	assert_rsp(table, TEXT + 0x13f, 8);
	assert_gap(table, TEXT + 0x140);
	assert_rsp(table, TEXT + 0x300, 80);
	unwind_table_free(table);
}

static void test_zeros_end_eh_frame_but_pad_debug_frame(void **state)
{
	static struct maker_frame eh, debug;
	struct unwind_table *table;
	size_t cie;

	(void)state;
	debug.is_debug_frame = true;
	cie = maker_add_plain_cie(&debug);
	maker_add_fde(&debug, cie, TEXT + 0x100, 0x40, NULL, 0);
	maker_add_terminator(&debug);
	maker_add_terminator(&debug);
	maker_add_fde(&debug, cie, TEXT + 0x200, 0x40, NULL, 0);
	maker_add_terminator(&debug);
	cie = maker_add_plain_cie(&eh);
	maker_add_fde(&eh, cie, TEXT + 0x300, 0x40, NULL, 0);
	maker_add_terminator(&eh);
	maker_add_fde(&eh, cie, TEXT + 0x400, 0x40, NULL, 0);
	table = build(
		&(struct maker_elf){.eh_frame = &eh, .debug_frame = &debug, .no_header = true});
	assert_rsp(table, TEXT + 0x100, 8);
	assert_rsp(table, TEXT + 0x200, 8);
	assert_rsp(table, TEXT + 0x300, 8);
	assert_gap(table, TEXT + 0x400);
	unwind_table_free(table);
}

static void test_the_debug_file_fills_what_is_left(void **state)
{
	static struct maker_frame eh, debug;
	struct unwind_table *table = NULL;
	struct unwind_options options = {0};
	size_t size, cie;
	uint8_t *file;

	(void)state;
	debug.is_debug_frame = true;
	cie = maker_add_plain_cie(&eh);
	maker_add_fde(&eh, cie, TEXT + 0x100, 0x40, NULL, 0);
	cie = maker_add_plain_cie(&debug);
	maker_add_fde(&debug, cie, TEXT + 0x300, 0x20, MAKER_BYTES(DW_CFA_def_cfa_offset, 80));
	file = maker_make_elf(&(struct maker_elf){.debug_frame = &debug}, &size);
	assert_int_equal(elf_image_open_memory(file, size, &options.debug_image), 0);
	assert_int_equal(build_with(&(struct maker_elf){.eh_frame = &eh}, &options, &table), 0);
	assert_rsp(table, TEXT + 0x100, 8);
	assert_rsp(table, TEXT + 0x300, 80);
	unwind_table_free(table);
	elf_image_close(options.debug_image);
	free(file);
}

static void test_of_overlapping_fdes_the_higher_start_wins(void **state)
{
	static struct maker_frame eh;
	size_t cie = maker_add_plain_cie(&eh);
	struct unwind_table *table;

	(void)state;
	maker_add_fde(&eh, cie, TEXT + 0x100, 0x100,
		      MAKER_BYTES(DW_CFA_advance_loc1, 0x80, DW_CFA_def_cfa_offset, 48));
	maker_add_fde(&eh, cie, TEXT + 0x140, 0x20, MAKER_BYTES(DW_CFA_def_cfa_offset, 64));
	maker_add_fde(&eh, cie, TEXT + 0x1f0, 0x40, MAKER_BYTES(DW_CFA_def_cfa_offset, 72));
	table = build(&(struct maker_elf){.eh_frame = &eh});
	assert_rsp(table, TEXT + 0x13f, 8);
	assert_rsp(table, TEXT + 0x140, 64);
	assert_rsp(table, TEXT + 0x15f, 64);
	assert_rsp(table, TEXT + 0x160, 8); /* the outer one goes on */
	assert_rsp(table, TEXT + 0x180, 48);
	assert_rsp(table, TEXT + 0x1ef, 48);
	assert_rsp(table, TEXT + 0x1f0, 72);
	unwind_table_free(table);
}

static void test_fdes_outside_of_the_text_are_dropped(void **state)
{
	static struct maker_frame eh;
	size_t cie = maker_add_plain_cie(&eh);
	struct unwind_table *table;

	(void)state;
	maker_add_fde(&eh, cie, 0, 0x100, NULL, 0);
	maker_add_fde(&eh, cie, TEXT + 0x100, 0x40, NULL, 0);
	maker_add_fde(&eh, cie, TEXT + 0x200, 0, NULL, 0);
	maker_add_fde(&eh, cie, TEXT + MAKER_TEXT_SIZE - 16, 0x7fffffff, NULL, 0);
	maker_add_fde(&eh, cie, MAKER_FRAME_VADDR, 0x40, NULL, 0);
	table = build(&(struct maker_elf){.eh_frame = &eh});
	assert_int_equal(table->stats.fdes, 2);
	assert_rsp(table, TEXT + 0x100, 8);
	assert_gap(table, TEXT + 0x200);
	assert_rsp(table, TEXT + MAKER_TEXT_SIZE - 1, 8);
	unwind_table_free(table);
}

static void test_an_unsorted_search_table_is_not_used(void **state)
{
	static struct maker_frame eh;
	size_t cie = maker_add_plain_cie(&eh);
	struct unwind_table *table;

	(void)state;
	maker_add_fde(&eh, cie, TEXT + 0x300, 0x40, MAKER_BYTES(DW_CFA_def_cfa_offset, 16));
	maker_add_fde(&eh, cie, TEXT + 0x100, 0x40, MAKER_BYTES(DW_CFA_def_cfa_offset, 24));
	maker_add_terminator(&eh);
	table = build(&(struct maker_elf){.eh_frame = &eh});
	assert_rsp(table, TEXT + 0x300, 16);
	assert_rsp(table, TEXT + 0x100, 24);
	unwind_table_free(table);
}

static void test_a_search_table_that_lies_is_not_used(void **state)
{
	static struct maker_frame eh;
	size_t cie = maker_add_plain_cie(&eh);
	struct unwind_table *table;

	(void)state;
	maker_add_fde(&eh, cie, TEXT + 0x100, 0x40, MAKER_BYTES(DW_CFA_def_cfa_offset, 16));
	maker_add_fde(&eh, cie, TEXT + 0x200, 0x40, MAKER_BYTES(DW_CFA_def_cfa_offset, 24));
	maker_add_terminator(&eh);
	eh.fde_begin[1] = TEXT + 0x300;
	table = build(&(struct maker_elf){.eh_frame = &eh});
	assert_rsp(table, TEXT + 0x200, 24);
	assert_gap(table, TEXT + 0x300);
	unwind_table_free(table);
}

static void test_an_entry_point_without_cfi_is_the_end_of_the_stack(void **state)
{
	static struct maker_frame eh;
	size_t cie = maker_add_plain_cie(&eh);
	struct unwind_table *table;

	(void)state;
	maker_add_fde(&eh, cie, TEXT + 0x100, 0x40, NULL, 0);
	maker_add_fde(&eh, cie, TEXT + 0x230, 0x40, NULL, 0);
	table = build(&(struct maker_elf){.eh_frame = &eh, .entry = TEXT + 0x200});
	assert_gap(table, TEXT + 0x1ff);
	assert_kind(table, TEXT + 0x200, CFA_STOP);
	assert_kind(table, TEXT + 0x22f, CFA_STOP);
	assert_rsp(table, TEXT + 0x230, 8);
	unwind_table_free(table);

	table = build(&(struct maker_elf){.eh_frame = &eh, .entry = TEXT + 0x300});
	assert_kind(table, TEXT + 0x300, CFA_STOP);
	assert_kind(table, TEXT + 0x33f, CFA_STOP);
	assert_gap(table, TEXT + 0x340);
	unwind_table_free(table);

	table = build(&(struct maker_elf){.eh_frame = &eh, .entry = TEXT + 0x110});
	assert_rsp(table, TEXT + 0x110, 8);
	unwind_table_free(table);
}

static const uint8_t trampoline[] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};

static void test_a_trampoline_without_right_cfi_is_a_signal_frame(void **state)
{
	static struct maker_frame eh;
	size_t cie = maker_add_plain_cie(&eh);
	struct maker_elf elf = {
		.eh_frame = &eh, .code = trampoline, .code_size = sizeof(trampoline)};
	struct unwind_table *table;

	(void)state;
	maker_add_fde(&eh, cie, TEXT + 0x100, 0x100, NULL, 0);
	/* Covered by plain CFI, then in a hole. */
	for (elf.code_off = 0x140; elf.code_off <= 0x340; elf.code_off += 0x200) {
		uint64_t begin = TEXT + elf.code_off;

		table = build(&elf);
		assert_int_not_equal(at(table, begin - 2).cfa_kind, CFA_SIGNAL);
		assert_kind(table, begin - 1, CFA_SIGNAL);
		assert_kind(table, begin, CFA_SIGNAL);
		assert_kind(table, begin + sizeof(trampoline) - 1, CFA_SIGNAL);
		unwind_table_free(table);
	}
}

static void test_a_signal_cie_makes_the_ucontext_form_a_signal_frame(void **state)
{
	static const uint8_t ucontext[] = {
		DW_CFA_def_cfa_expression,
		4,
		DW_OP_breg0 + 7,
		0xa0,
		1,
		DW_OP_deref,
		DW_CFA_expression,
		16,
		3,
		DW_OP_breg0 + 7,
		0xa8,
		1,
	};
	static struct maker_frame eh;
	size_t cie = maker_add_cie(&eh, "zRS", NULL, 0);
	struct unwind_table *table;

	(void)state;
	maker_add_fde(&eh, cie, TEXT + 0x100, 0x10, ucontext, sizeof(ucontext));
	cie = maker_add_cie(&eh, "zR", NULL, 0);
	maker_add_fde(&eh, cie, TEXT + 0x200, 0x10, ucontext, sizeof(ucontext));
	table = build(&(struct maker_elf){.eh_frame = &eh});
	assert_kind(table, TEXT + 0x100, CFA_SIGNAL);
	assert_kind(table, TEXT + 0x200, CFA_NONE);
	assert_int_equal(table->stats.none[NONE_RA_RULE], 1);
	unwind_table_free(table);
}

static void test_damage_is_counted_and_costs_itself_only(void **state)
{
	static struct maker_frame eh;
	size_t cie = maker_add_plain_cie(&eh);
	size_t bad_cie = maker_add_cie(&eh, "q", NULL, 0);
	struct unwind_table *table;

	(void)state;
	maker_add_fde(&eh, cie, TEXT + 0x100, 0x40,
		      MAKER_BYTES(DW_CFA_advance_loc | 8, DW_CFA_restore_state));
	maker_add_fde(&eh, bad_cie, TEXT + 0x200, 0x40, NULL, 0);
	maker_add_fde(&eh, cie + 3, TEXT + 0x280, 0x40, NULL, 0);
	maker_add_fde(&eh, cie, TEXT + 0x300, 0x40, NULL, 0);
	maker_add_terminator(&eh);
	table = build(&(struct maker_elf){.eh_frame = &eh});
	assert_rsp(table, TEXT + 0x107, 8);
	assert_kind(table, TEXT + 0x108, CFA_NONE);
	assert_int_equal(at(table, TEXT + 0x108).x, NONE_BAD_CFI);
	assert_gap(table, TEXT + 0x200);
	assert_gap(table, TEXT + 0x280);
	assert_rsp(table, TEXT + 0x300, 8);
	assert_int_equal(table->stats.none[NONE_BAD_CFI], 1);
	assert_int_equal(table->stats.bad_fdes, 3);
	unwind_table_free(table);
}

static void test_errors_have_their_names(void **state)
{
	static struct maker_frame empty, bad;
	struct unwind_table *table = NULL;
	size_t cie;

	(void)state;
	assert_int_equal(build_with(&(struct maker_elf){0}, NULL, &table), -ENODATA);
	maker_add_terminator(&empty);
	assert_int_equal(build_with(&(struct maker_elf){.eh_frame = &empty}, NULL, &table),
			 -ENODATA);
	cie = maker_add_cie(&bad, "q", NULL, 0);
	maker_add_fde(&bad, cie, TEXT, 0x40, NULL, 0);
	assert_int_equal(build_with(&(struct maker_elf){.eh_frame = &bad}, NULL, &table), -EBADMSG);
	assert_null(table);
}

static void test_entries_without_end_are_refused(void **state)
{
	static struct maker_frame eh;
	uint32_t huge = 0x7fffffff;
	size_t cie = maker_add_plain_cie(&eh);
	struct unwind_table *table;

	(void)state;
	maker_add_fde(&eh, cie, TEXT + 0x100, 0x40, NULL, 0);
	maker_add_bytes(&eh, &huge, sizeof(huge));
	table = build(&(struct maker_elf){.eh_frame = &eh, .no_header = true});
	assert_rsp(table, TEXT + 0x100, 8);
	assert_int_equal(table->stats.bad_fdes, 1);
	unwind_table_free(table);
}

static void test_a_cie_that_is_itself_an_fde_is_refused(void **state)
{
	static struct maker_frame eh;
	size_t cie = maker_add_plain_cie(&eh), fde = eh.size;
	struct unwind_table *table;

	(void)state;
	maker_add_fde(&eh, cie, TEXT + 0x100, 0x40, NULL, 0);
	maker_add_fde(&eh, fde, TEXT + 0x200, 0x40, NULL, 0);
	maker_add_fde(&eh, eh.size, TEXT + 0x300, 0x40, NULL, 0);
	maker_add_terminator(&eh);
	table = build(&(struct maker_elf){.eh_frame = &eh, .no_header = true});
	assert_rsp(table, TEXT + 0x100, 8);
	assert_gap(table, TEXT + 0x200);
	assert_gap(table, TEXT + 0x300);
	assert_int_equal(table->stats.bad_fdes, 2);
	unwind_table_free(table);
}

static void test_the_table_does_not_depend_on_threads(void **state)
{
	const struct unwind_options one = {.nr_threads = 1}, four = {.nr_threads = 4};
	struct unwind_table *a = NULL, *b = NULL;
	struct elf_image *image;

	(void)state;
	/* An object of many chunks: the C library has 3,000 FDEs, so the largest thing around. */
	if (elf_image_open("/usr/lib/llvm-14/lib/libLLVM-14.so.1", &image) < 0 &&
	    elf_image_open("/lib/x86_64-linux-gnu/libc.so.6", &image) < 0)
		skip();
	assert_int_equal(unwind_table_build(image, &one, &a), 0);
	assert_int_equal(unwind_table_build(image, &four, &b), 0);
	elf_image_close(image);
	assert_int_equal(a->nr_rows, b->nr_rows);
	assert_int_equal(a->nr_rules, b->nr_rules);
	assert_memory_equal(a->rows, b->rows, a->nr_rows * sizeof(*a->rows));
	assert_memory_equal(a->index, b->index, (a->nr_blocks + 1) * sizeof(*a->index));
	assert_memory_equal(a->rules, b->rules, a->nr_rules * sizeof(*a->rules));
	unwind_table_free(a);
	unwind_table_free(b);
}

/* Says to stop when it is asked for the *@arg-th time. */
static bool stop_at(const void *arg)
{
	static unsigned int asked;

	if (!arg) {
		asked = 0;
		return false;
	}
	return ++asked >= *(const unsigned int *)arg;
}

static void test_whoever_does_not_want_to_wait_gets_no_table(void **state)
{
	struct elf_image *image;

	(void)state;
	if (elf_image_open("/lib/x86_64-linux-gnu/libc.so.6", &image) < 0)
		skip();
	for (unsigned int at = 1; at <= 3; at++) {
		const struct unwind_options options = {
			.nr_threads = 1, .should_stop = stop_at, .stop_arg = &at};
		struct unwind_table *table = NULL;

		stop_at(NULL);
		assert_int_equal(unwind_table_build(image, &options, &table), -ECANCELED);
		assert_null(table);
	}
	elf_image_close(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_come_from_wherever_the_cfi_lies),
		cmocka_unit_test(test_the_layout_is_the_contracts),
		cmocka_unit_test(test_a_table_covers_what_is_known_and_little_more),
		cmocka_unit_test(test_debug_frame_fills_holes_only),
		cmocka_unit_test(test_zeros_end_eh_frame_but_pad_debug_frame),
		cmocka_unit_test(test_the_debug_file_fills_what_is_left),
		cmocka_unit_test(test_of_overlapping_fdes_the_higher_start_wins),
		cmocka_unit_test(test_fdes_outside_of_the_text_are_dropped),
		cmocka_unit_test(test_an_unsorted_search_table_is_not_used),
		cmocka_unit_test(test_a_search_table_that_lies_is_not_used),
		cmocka_unit_test(test_an_entry_point_without_cfi_is_the_end_of_the_stack),
		cmocka_unit_test(test_a_trampoline_without_right_cfi_is_a_signal_frame),
		cmocka_unit_test(test_a_signal_cie_makes_the_ucontext_form_a_signal_frame),
		cmocka_unit_test(test_damage_is_counted_and_costs_itself_only),
		cmocka_unit_test(test_errors_have_their_names),
		cmocka_unit_test(test_entries_without_end_are_refused),
		cmocka_unit_test(test_a_cie_that_is_itself_an_fde_is_refused),
		cmocka_unit_test(test_the_table_does_not_depend_on_threads),
		cmocka_unit_test(test_whoever_does_not_want_to_wait_gets_no_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
