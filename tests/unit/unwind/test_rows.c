/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "common/elf_image.h"
#include "elf_maker.h"
#include "unwind/rows.h"
#include "unwind/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TEXT MAKER_TEXT_VADDR

/* What --rows prints of an object with this .eh_frame; the caller frees it. */
static char *rows_of(const struct maker_frame *eh, uint64_t entry, bool no_ramps)
{
	const struct unwind_options options = {.no_ramps = no_ramps};
	const struct maker_elf elf = {.eh_frame = eh, .entry = entry};
	struct unwind_table *table;
	struct elf_image *image;
	size_t size, len;
	char *text;
	uint8_t *file = maker_make_elf(&elf, &size);
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(elf_image_open_memory(file, size, &image), 0);
	assert_int_equal(unwind_table_build(image, &options, &table), 0);
	assert_int_equal(unwind_rows_print(table, out), 0);
	fclose(out);
	unwind_table_free(table);
	elf_image_close(image);
	free(file);
	return text;
}

static void assert_rows(const struct maker_frame *eh, uint64_t entry, const char *expected)
{
	/* Compaction must not be visible: with and without it the text is the same. */
	for (int no_ramps = 0; no_ramps < 2; no_ramps++) {
		char *text = rows_of(eh, entry, no_ramps);

		assert_string_equal(text, expected);
		free(text);
	}
}

static void test_ramps_are_printed_step_by_step(void **state)
{
	static struct maker_frame eh;
	size_t cie = maker_add_plain_cie(&eh);

	(void)state;
	maker_add_fde(&eh, cie, TEXT + 0x31, 0x40,
		      MAKER_BYTES(DW_CFA_advance_loc | 1, DW_CFA_def_cfa_offset, 16,
				  DW_CFA_offset | 6, 2, DW_CFA_advance_loc | 3,
				  DW_CFA_def_cfa_register, 6, DW_CFA_advance_loc | 0x20,
				  DW_CFA_def_cfa, 7, 8, DW_CFA_restore | 6));
	assert_rows(&eh, 0,
		    "0000000000010031 rsp+8 u c-8\n"
		    "0000000000010032 rsp+16 c-16 c-8\n"
		    "0000000000010035 rbp+16 c-16 c-8\n"
		    "0000000000010055 rsp+8 u c-8\n"
		    "0000000000010071 none u u\n");
}

static void test_equal_neighbours_are_one_line(void **state)
{
	static struct maker_frame eh;
	size_t cie = maker_add_plain_cie(&eh);

	(void)state;
	maker_add_fde(&eh, cie, TEXT + 0x100, 0x10, NULL, 0);
	maker_add_fde(&eh, cie, TEXT + 0x110, 0x10,
		      MAKER_BYTES(DW_CFA_advance_loc | 4, DW_CFA_def_cfa_offset, 16,
				  DW_CFA_advance_loc | 4, DW_CFA_def_cfa_offset, 8));
	maker_add_fde(&eh, cie, TEXT + 0x12f, 0x10, NULL, 0);
	assert_rows(&eh, 0,
		    "0000000000010100 rsp+8 u c-8\n"
		    "0000000000010114 rsp+16 u c-8\n"
		    "0000000000010118 rsp+8 u c-8\n"
		    "000000000001013f none u u\n");
}

static void test_every_form_has_its_spelling(void **state)
{
	static struct maker_frame eh;
	size_t cie = maker_add_plain_cie(&eh);

	(void)state;
	maker_add_fde(&eh, cie, TEXT + 0x100, 0x10, MAKER_BYTES(DW_CFA_def_cfa, 10, 0));
	maker_add_fde(&eh, cie, TEXT + 0x110, 0x10,
		      MAKER_BYTES(DW_CFA_def_cfa_expression, 3, DW_OP_breg0 + 6, 0x78, DW_OP_deref,
				  DW_CFA_expression, 6, 2, DW_OP_breg0 + 6, 0));
	maker_add_fde(&eh, cie, TEXT + 0x120, 0x10,
		      MAKER_BYTES(DW_CFA_def_cfa_expression, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b,
				  0x2a, 0x33, 0x24, 0x22));
	maker_add_fde(&eh, cie, TEXT + 0x130, 0x10, MAKER_BYTES(DW_CFA_register, 16, 5));
	maker_add_fde(&eh, cie, TEXT + 0x140, 0x10,
		      MAKER_BYTES(DW_CFA_register, 6, 9, DW_CFA_def_cfa_offset_sf, 2));
	maker_add_fde(&eh, cie, TEXT + 0x150, 0x10, MAKER_BYTES(DW_CFA_undefined, 16));
	maker_add_fde(&eh, cie, TEXT + 0x160, 0x10,
		      MAKER_BYTES(DW_CFA_def_cfa_expression, 1, DW_OP_lit0));
	maker_add_fde(&eh, cie, TEXT + 0x170, 0x10,
		      MAKER_BYTES(DW_CFA_expression, 6, 2, DW_OP_breg0 + 7, 16));
	assert_rows(&eh, TEXT + 0x200,
		    "0000000000010100 r10+0 u c-8\n"
		    "0000000000010110 exp exp c-8 *(rbp-8)+0 rbp=*(rbp+0)\n"
		    "0000000000010120 exp u c-8 rsp+8+8*((pc&15)>=11)\n"
		    "0000000000010130 rsp+8 u rdi\n"
		    "0000000000010140 rsp-16 r9 c-8\n"
		    "0000000000010150 rsp+8 u u\n"
		    "0000000000010160 none u u cfa_expression\n"
		    "0000000000010170 rsp+8 exp c-8 rbp=*(rsp+16)\n"
		    "0000000000010180 none u u\n"
		    "0000000000010200 exp u u stop\n"
		    "0000000000010240 none u u\n");
}

static void test_a_full_disk_is_an_error(void **state)
{
	static struct maker_frame eh;
	size_t cie = maker_add_plain_cie(&eh), size;
	struct unwind_table *table;
	struct elf_image *image;
	FILE *out = fopen("/dev/full", "w");
	uint8_t *file;

	(void)state;
	assert_non_null(out);
	maker_add_fde(&eh, cie, TEXT, 0x10, NULL, 0);
	file = maker_make_elf(&(struct maker_elf){.eh_frame = &eh}, &size);
	assert_int_equal(elf_image_open_memory(file, size, &image), 0);
	assert_int_equal(unwind_table_build(image, NULL, &table), 0);
	assert_int_equal(unwind_rows_print(table, out), -EIO);
	fclose(out);
	unwind_table_free(table);
	elf_image_close(image);
	free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ramps_are_printed_step_by_step),
		cmocka_unit_test(test_equal_neighbours_are_one_line),
		cmocka_unit_test(test_every_form_has_its_spelling),
		cmocka_unit_test(test_a_full_disk_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
