/* SPDX-License-Identifier: MIT */
#include "symbolize/code_starts.h"
#include "symbolize/startup_code.h"

#include "fixtures.h"
#include "test.h"

static const char *const builds[] = {FIXTURE("bare-pie"), FIXTURE("bare-no-pie"),
				     FIXTURE("bare-static"), FIXTURE("bare-musl")};
static const char *const stripped[] = {
	FIXTURE("bare-pie-stripped"), FIXTURE("bare-no-pie-stripped"),
	FIXTURE("bare-static-stripped"), FIXTURE("bare-musl-stripped")};

#define NR_BUILDS (sizeof(builds) / sizeof(builds[0]))

static void main_is_found_by_what_the_entry_code_hands_on(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_BUILDS; i++) {
		_cleanup_(elf_image_closep) struct elf_image *image = open_fixture(stripped[i]);
		uint64_t vaddr = 0;

		assert_true(startup_code_main(image, elf_image_header(image)->e_entry, &vaddr));
		assert_int_equal(vaddr, symbol_vaddr(builds[i], "main"));
	}
}

static void code_that_is_no_entry_code_has_no_main(void **state)
{
	_cleanup_(elf_image_closep) struct elf_image *image = open_fixture(FIXTURE("symbols"));
	uint64_t vaddr = 0;

	(void)state;
	assert_false(startup_code_main(image, symbol_vaddr(FIXTURE("symbols"), "hidden"), &vaddr));
	assert_false(startup_code_main(image, 0, &vaddr));
	assert_false(startup_code_main(image, UINT64_MAX - 3, &vaddr));
}

static void functions_are_found_by_who_calls_them(void **state)
{
	static const char *const called[] = {"main", "hidden", "exported", "_start"};

	(void)state;
	for (size_t i = 0; i < NR_BUILDS; i++) {
		_cleanup_(elf_image_closep) struct elf_image *image = open_fixture(stripped[i]);
		struct code_starts starts;

		code_starts_read(image, &starts);
		for (size_t j = 0; j < sizeof(called) / sizeof(called[0]); j++) {
			uint64_t vaddr = symbol_vaddr(builds[i], called[j]), start = 0;

			assert_true(code_starts_find(&starts, 0, vaddr, &start));
			assert_int_equal(start, vaddr);
			assert_true(code_starts_find(&starts, vaddr, vaddr + 1, &start));
			assert_int_equal(start, vaddr);
		}
		code_starts_release(&starts);
	}
}

static void nothing_is_found_below_the_bound_or_the_first_start(void **state)
{
	uint64_t vaddrs[] = {0x1000, 0x1040}, start = 7;
	const struct code_starts starts = {.vaddrs = vaddrs, .nr = 2};

	(void)state;
	assert_false(code_starts_find(&starts, 0, 0xfff, &start));
	assert_false(code_starts_find(&starts, 0x1041, 0x1050, &start));
	assert_int_equal(start, 7);
	assert_true(code_starts_find(&starts, 0x1040, 0x1050, &start));
	assert_int_equal(start, 0x1040);
	assert_true(code_starts_find(&starts, 0, 0x103f, &start));
	assert_int_equal(start, 0x1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(main_is_found_by_what_the_entry_code_hands_on),
		cmocka_unit_test(code_that_is_no_entry_code_has_no_main),
		cmocka_unit_test(functions_are_found_by_who_calls_them),
		cmocka_unit_test(nothing_is_found_below_the_bound_or_the_first_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
