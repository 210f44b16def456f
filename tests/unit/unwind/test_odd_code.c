/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "common/elf_image.h"
#include "elf_maker.h"
#include "unwind/table.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#define TEXT	 MAKER_TEXT_VADDR
#define FUNCTION 0x100 /* where the code lies in the text */
#define NR_BYTES 0x80

/* mov 0(%rbp),%rbp; mov %rcx,%rsp */
static const uint8_t leave[] = {0x48, 0x8b, 0x6d, 0x00, 0x48, 0x89, 0xcc};

/* The table of one function with @code, whose CFA is rbp+16 all along. */
static struct unwind_table *build(const uint8_t *code, size_t code_size)
{
	struct maker_frame *eh = calloc(1, sizeof(*eh));
	const struct maker_elf elf = {
		.eh_frame = eh, .code_off = FUNCTION, .code = code, .code_size = code_size};
	struct unwind_table *table = NULL;
	struct elf_image *image;
	uint8_t *file;
	size_t size, cie;

	assert_non_null(eh);
	cie = maker_add_plain_cie(eh);
	maker_add_fde(eh, cie, TEXT + FUNCTION, NR_BYTES,
		      MAKER_BYTES(DW_CFA_def_cfa, 6, 16, DW_CFA_offset | 6, 2));
	file = maker_make_elf(&elf, &size);
	assert_int_equal(elf_image_open_memory(file, size, &image), 0);
	assert_int_equal(unwind_table_build(image, NULL, &table), 0);
	elf_image_close(image);
	free(file);
	free(eh);
	return table;
}

static int cfa_kind(const struct unwind_table *table, uint64_t vaddr)
{
	struct unwind_rule rule;

	unwind_table_lookup(table, vaddr, &rule);
	return rule.cfa_kind;
}

static void test_a_thrower_finds_its_caller_in_the_context(void **state)
{
	static const uint8_t code[] = {
		0x48, 0x8d, 0x75, 0x10,			  /* 0: lea 16(%rbp),%rsi */
		0x48, 0x8d, 0xbd, 0x00, 0xff, 0xff, 0xff, /* 4: lea -256(%rbp),%rdi */
		0xe8, 0x00, 0x00, 0x00, 0x00,		  /* 11: call uw_init_context_1 */
		0xe8, 0x00, 0x00, 0x00, 0x00,		  /* 16: call uw_install_context_1 */
		0xe8, 0x00, 0x00, 0x00, 0x00,		  /* 21: call uw_install_context_1's end */
		0x48, 0x8b, 0x6d, 0x00,			  /* 26: mov 0(%rbp),%rbp */
		0x48, 0x89, 0xcc,			  /* 30: mov %rcx,%rsp */
	};
	struct unwind_table *table = build(code, sizeof(code));
	const uint64_t at = TEXT + FUNCTION;
	struct unwind_rule rule;

	(void)state;
	assert_int_equal(cfa_kind(table, at + 15), CFA_RBP);
	assert_int_equal(cfa_kind(table, at + 16), CFA_RBP_RA);
	assert_int_equal(cfa_kind(table, at + 29), CFA_RBP_RA);
	assert_int_equal(cfa_kind(table, at + 30), CFA_RBP);
	unwind_table_lookup(table, at + 26, &rule);
	assert_int_equal(rule.cfa_off, 16);
	/* The return address is word 19 of the context, 256 bytes below rbp. */
	assert_int_equal(rule.cfa_off + rule.x - 8, -256 + 19 * 8);
	assert_int_equal(rule.rbp_kind, RBP_UNDEFINED);
	unwind_table_free(table);
}

static void test_without_a_context_cfi_is_believed(void **state)
{
	static const uint8_t code[] = {
		0x48, 0x8d, 0x75, 0x10,	      /* lea 16(%rbp),%rsi */
		0xe8, 0x00, 0x00, 0x00, 0x00, /* call */
		0xe8, 0x00, 0x00, 0x00, 0x00, /* call */
		0x48, 0x8b, 0x6d, 0x00,	      /* mov 0(%rbp),%rbp */
		0x48, 0x89, 0xcc,	      /* mov %rcx,%rsp */
	};
	struct unwind_table *table = build(code, sizeof(code));

	(void)state;
	for (uint64_t vaddr = TEXT + FUNCTION; vaddr < TEXT + FUNCTION + NR_BYTES; vaddr++)
		assert_int_equal(cfa_kind(table, vaddr), CFA_RBP);
	unwind_table_free(table);
}

/* The last instructions of libgcc's @function before it leaves for a handler. */
static void assert_leaving(const struct unwind_table *table, void *library, const char *function)
{
	const uint8_t *code = dlsym(library, function), *found;
	struct unwind_rule rule;
	uint64_t vaddr;
	Dl_info info;

	assert_non_null(code);
	assert_true(dladdr(code, &info));
	found = memmem(code, 2048, leave, sizeof(leave));
	if (!found)
		fail_msg("%s leaves in another way", function);
	vaddr = (uint64_t)(found - (const uint8_t *)info.dli_fbase);
	unwind_table_lookup(table, vaddr, &rule);
	if (rule.cfa_kind != CFA_RBP_RA || rule.cfa_off != 16 || rule.rbp_kind != RBP_UNDEFINED)
		fail_msg("%s: kind %d off %d rbp %d", function, rule.cfa_kind, rule.cfa_off,
			 rule.rbp_kind);
	assert_true(rule.x < 0 && rule.x % 8 == 0);
	assert_int_equal(cfa_kind(table, vaddr + 3), CFA_RBP_RA);
	assert_int_not_equal(cfa_kind(table, vaddr + 4), CFA_RBP_RA);
	assert_int_not_equal(cfa_kind(table, (uint64_t)(code - (uint8_t *)info.dli_fbase)),
			     CFA_RBP_RA);
}

static void test_all_functions_of_libgcc_that_leave_are_known(void **state)
{
	static const char *const functions[] = {"_Unwind_RaiseException", "_Unwind_ForcedUnwind",
						"_Unwind_Resume", "_Unwind_Resume_or_Rethrow"};
	void *library = dlopen("libgcc_s.so.1", RTLD_NOW);
	struct unwind_table *table;
	struct elf_image *image;
	Dl_info info;

	(void)state;
	assert_non_null(library);
	assert_true(dladdr(dlsym(library, functions[0]), &info));
	assert_int_equal(elf_image_open(info.dli_fname, &image), 0);
	assert_int_equal(unwind_table_build(image, NULL, &table), 0);
	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++)
		assert_leaving(table, library, functions[i]);
	unwind_table_free(table);
	elf_image_close(image);
	dlclose(library);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_thrower_finds_its_caller_in_the_context),
		cmocka_unit_test(test_without_a_context_cfi_is_believed),
		cmocka_unit_test(test_all_functions_of_libgcc_that_leave_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
