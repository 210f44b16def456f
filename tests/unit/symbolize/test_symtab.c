/* SPDX-License-Identifier: MIT */
#include "symbolize/symtab.h"

#include "fixtures.h"
#include "test.h"

#include <string.h>

/* The table borrows from the image, which the caller closes after it. */
static struct symtab *read_symbols(const char *path, struct elf_image **ret_image)
{
	struct symtab *symtab = NULL;

	*ret_image = open_fixture(path);
	assert_int_equal(symtab_new(*ret_image, NULL, &symtab), 0);
	return symtab;
}

static void assert_named(const struct symtab *symtab, uint64_t vaddr, const char *expected)
{
	const struct symbol *symbol = symtab_find(symtab, vaddr);

	if (!symbol && expected)
		fail_msg("%#llx has no name, not %s", (unsigned long long)vaddr, expected);
	if (symbol && !expected)
		fail_msg("%#llx is %s", (unsigned long long)vaddr, symbol->name);
	if (symbol)
		assert_string_equal(symbol->name, expected);
}

static void an_address_is_named_only_inside_a_symbol(void **state)
{
	_cleanup_(elf_image_closep) struct elf_image *symtab_image = NULL;
	_cleanup_(symtab_freep) struct symtab *symtab = read_symbols(FIXTURE("symbols"),
								     &symtab_image);
	uint64_t after = symbol_vaddr(FIXTURE("symbols"), "asm_after");

	(void)state;
	assert_named(symtab, after, "asm_after");
	assert_named(symtab, after + 1, NULL);
	assert_named(symtab, symbol_vaddr(FIXTURE("symbols"), "hidden"), "hidden");
	assert_named(symtab, symbol_vaddr(FIXTURE("symbols"), "main") + 4, "main");
	assert_named(symtab, 0, NULL);
	assert_named(symtab, UINT64_MAX, NULL);
}

static void of_aliases_the_plainest_exported_name_is_shown(void **state)
{
	_cleanup_(elf_image_closep) struct elf_image *symtab_image = NULL;
	_cleanup_(symtab_freep) struct symtab *symtab = read_symbols(FIXTURE("symbols"),
								     &symtab_image);

	(void)state;
	assert_named(symtab, symbol_vaddr(FIXTURE("symbols"), "_exported_alias"), "exported");
}

static void a_nested_symbol_interrupts_the_outer_one(void **state)
{
	_cleanup_(elf_image_closep) struct elf_image *symtab_image = NULL;
	_cleanup_(symtab_freep) struct symtab *symtab = read_symbols(FIXTURE("symbols"),
								     &symtab_image);
	uint64_t outer = symbol_vaddr(FIXTURE("symbols"), "asm_outer");

	(void)state;
	assert_named(symtab, outer + 3, "asm_outer");
	assert_named(symtab, outer + 4, "asm_inner");
	assert_named(symtab, outer + 7, "asm_inner");
	assert_named(symtab, outer + 8, "asm_outer");
	assert_named(symtab, outer + 11, "asm_outer");
	assert_named(symtab, outer + 12, NULL);
}

static void a_sizeless_symbol_reaches_to_the_next_one(void **state)
{
	_cleanup_(elf_image_closep) struct elf_image *symtab_image = NULL;
	_cleanup_(symtab_freep) struct symtab *symtab = read_symbols(FIXTURE("symbols"),
								     &symtab_image);
	uint64_t sizeless = symbol_vaddr(FIXTURE("symbols"), "asm_sizeless");

	(void)state;
	assert_named(symtab, sizeless + 3, "asm_sizeless");
	assert_named(symtab, symbol_vaddr(FIXTURE("symbols"), "asm_after"), "asm_after");
}

static void a_stripped_file_never_shows_the_nearest_exported_name(void **state)
{
	_cleanup_(elf_image_closep) struct elf_image *symtab_image = NULL;
	_cleanup_(symtab_freep) struct symtab *symtab = read_symbols(FIXTURE("stripped"),
								     &symtab_image);

	(void)state;
	assert_named(symtab, symbol_vaddr(FIXTURE("symbols"), "hidden"), NULL);
	assert_named(symtab, symbol_vaddr(FIXTURE("symbols"), "main"), NULL);
}

static void the_entry_point_of_a_stripped_file_is_start(void **state)
{
	static const char *const paths[] = {FIXTURE("stripped"), FIXTURE("sectionless")};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		_cleanup_(elf_image_closep) struct elf_image *symtab_image = NULL;
		_cleanup_(symtab_freep) struct symtab *symtab = read_symbols(paths[i],
									     &symtab_image);
		uint64_t start = symbol_vaddr(FIXTURE("symbols"), "_start");

		assert_named(symtab, start, "_start");
		assert_named(symtab, start + 16, "_start");
		assert_named(symtab, start - 1, NULL);
	}
}

static void minidebuginfo_names_what_stripping_took(void **state)
{
	_cleanup_(elf_image_closep) struct elf_image *symtab_image = NULL;
	_cleanup_(symtab_freep) struct symtab *symtab = read_symbols(FIXTURE("minidebug"),
								     &symtab_image);

	(void)state;
	assert_named(symtab, symbol_vaddr(FIXTURE("symbols"), "hidden"), "hidden");
}

static void a_debug_file_adds_its_symbols(void **state)
{
	_cleanup_(elf_image_closep) struct elf_image *image = open_fixture(FIXTURE("stripped"));
	_cleanup_(elf_image_closep) struct elf_image *debug = open_fixture(
		FIXTURE("symbols.debug"));
	_cleanup_(symtab_freep) struct symtab *symtab = NULL;

	(void)state;
	assert_int_equal(symtab_new(image, debug, &symtab), 0);
	assert_named(symtab, symbol_vaddr(FIXTURE("symbols"), "hidden"), "hidden");
}

static int count_symbol(const struct symbol *symbol, enum name_verdict verdict, void *arg)
{
	(void)symbol;
	(void)verdict;
	++*(int *)arg;
	return 0;
}

static int keep_symbol(const struct symbol *symbol, enum name_verdict verdict, void *arg)
{
	(void)verdict;
	*(struct symbol *)arg = *symbol;
	return 1;
}

static int match(const struct symtab *symtab, const char *text,
		 int (*fn)(const struct symbol *symbol, enum name_verdict verdict, void *arg),
		 void *arg)
{
	struct name_pattern pattern;

	name_pattern_init(&pattern, text, false);
	return symtab_match(symtab, &pattern, fn, arg);
}

static void plt_stubs_are_named_in_every_layout(void **state)
{
	static const char *const paths[] = {FIXTURE("lazy"), FIXTURE("ibt"), FIXTURE("symbols")};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		_cleanup_(elf_image_closep) struct elf_image *symtab_image = NULL;
		_cleanup_(symtab_freep) struct symtab *symtab = read_symbols(paths[i],
									     &symtab_image);
		struct symbol found = {0};
		int nr = 0;

		match(symtab, "*@plt", count_symbol, &nr);
		assert_true(nr >= 3);
		assert_int_equal(match(symtab, "strlen@plt", keep_symbol, &found), 1);
		assert_named(symtab, found.vaddr + 5, "strlen@plt");
	}
}

static void matching_takes_globs_and_reports_an_address_once(void **state)
{
	_cleanup_(elf_image_closep) struct elf_image *symtab_image = NULL;
	_cleanup_(symtab_freep) struct symtab *symtab = read_symbols(FIXTURE("symbols"),
								     &symtab_image);
	int nr = 0;

	(void)state;
	assert_int_equal(match(symtab, "*exported*", count_symbol, &nr), 1);
	assert_int_equal(nr, 1);
	assert_int_equal(match(symtab, "weak_name", count_symbol, &nr), 1);
	assert_int_equal(match(symtab, "asm_[io]*", count_symbol, &nr), 2);
	assert_int_equal(match(symtab, "strlen", count_symbol, &nr), 0);
	assert_int_equal(match(symtab, "str*", count_symbol, &nr), 0);
	assert_int_equal(match(symtab, "exporte", count_symbol, &nr), 0);
}

static void matching_understands_demangled_names(void **state)
{
	_cleanup_(elf_image_closep) struct elf_image *image = open_fixture(FIXTURE("cxx"));
	_cleanup_(symtab_freep) struct symtab *symtab = NULL;
	struct symbol found = {0};
	int nr = 0;

	(void)state;
	assert_int_equal(symtab_new(image, NULL, &symtab), 0);
	assert_int_equal(match(symtab, "shapes::area", keep_symbol, &found), 1);
	assert_string_equal(found.name, "_ZN6shapes4areaEii");
	assert_int_equal(match(symtab, "shapes::area(int, int)", keep_symbol, &found), 1);
	assert_int_equal(match(symtab, "shapes::area(int)", keep_symbol, &found), 0);
	assert_int_equal(match(symtab, "shapes::a*", count_symbol, &nr), 1);
	assert_int_equal(match(symtab, "shapes::Box<int>::operator[]", keep_symbol, &found), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_named_only_inside_a_symbol),
		cmocka_unit_test(of_aliases_the_plainest_exported_name_is_shown),
		cmocka_unit_test(a_nested_symbol_interrupts_the_outer_one),
		cmocka_unit_test(a_sizeless_symbol_reaches_to_the_next_one),
		cmocka_unit_test(a_stripped_file_never_shows_the_nearest_exported_name),
		cmocka_unit_test(the_entry_point_of_a_stripped_file_is_start),
		cmocka_unit_test(minidebuginfo_names_what_stripping_took),
		cmocka_unit_test(a_debug_file_adds_its_symbols),
		cmocka_unit_test(plt_stubs_are_named_in_every_layout),
		cmocka_unit_test(matching_takes_globs_and_reports_an_address_once),
		cmocka_unit_test(matching_understands_demangled_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
