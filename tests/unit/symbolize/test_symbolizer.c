/* SPDX-License-Identifier: MIT */
#include "symbolize/symbolizer.h"

#include "common/alloc.h"
#include "common/intern.h"
#include "fixtures.h"
#include "test.h"

#include <errno.h>
#include <string.h>

static const struct symbolize_options plain = {.demangle = DEMANGLE_SHORT};

/* The only frame of @vaddr in @path; its strings live as long as @strings. */
static struct frame single_frame(struct intern *strings, const char *path, uint64_t vaddr,
				 bool is_return)
{
	struct symbolize_address addr = {.vaddr = vaddr, .is_return = is_return};
	struct frame frame;

	assert_int_equal(symbolize_object(path, NULL, NULL, &plain, strings, &addr, 1, NULL), 0);
	assert_int_equal(addr.nr_frames, 1);
	frame = addr.frames[0];
	symbolize_release(&addr, 1);
	return frame;
}

static void a_symbol_names_its_address(void **state)
{
	_cleanup_(intern_freep) struct intern *strings = intern_new();
	struct frame frame = single_frame(strings, FIXTURE("symbols"),
					  symbol_vaddr(FIXTURE("symbols"), "hidden"), false);

	(void)state;
	assert_string_equal(frame.name, "hidden");
	assert_string_equal(frame.module, FIXTURE("symbols"));
	assert_int_equal(frame.kind, FRAME_KIND_USER);
	assert_null(frame.full_name);
}

static void a_return_address_belongs_to_the_call_before_it(void **state)
{
	_cleanup_(intern_freep) struct intern *strings = intern_new();
	uint64_t end = symbol_vaddr(FIXTURE("symbols"), "asm_outer") + 12;

	(void)state;
	assert_string_equal(single_frame(strings, FIXTURE("symbols"), end, true).name, "asm_outer");
	assert_string_not_equal(single_frame(strings, FIXTURE("symbols"), end, false).name,
				"asm_outer");
}

static void a_function_without_a_symbol_is_named_by_its_start(void **state)
{
	_cleanup_(intern_freep) struct intern *strings = intern_new();
	uint64_t start = symbol_vaddr(FIXTURE("symbols"), "hidden");
	char expected[64];
	struct frame first, later;

	(void)state;
	first = single_frame(strings, FIXTURE("stripped"), start, false);
	later = single_frame(strings, FIXTURE("stripped"), start + 9, true);
	snprintf(expected, sizeof(expected), "[stripped+0x%llx]", (unsigned long long)start);
	assert_string_equal(first.name, expected);
	assert_ptr_equal(first.name, later.name);
	assert_int_equal(first.kind, FRAME_KIND_MODULE);
}

static void code_nothing_is_known_of_is_the_module(void **state)
{
	_cleanup_(intern_freep) struct intern *strings = intern_new();

	(void)state;
	assert_string_equal(single_frame(strings, FIXTURE("stripped"), 8, false).name,
			    "[stripped]");
}

static void template_arguments_move_to_the_full_name(void **state)
{
	_cleanup_(intern_freep) struct intern *strings = intern_new();
	struct frame frame = single_frame(
		strings, FIXTURE("cxx"), symbol_vaddr(FIXTURE("cxx"), "_ZN6shapes4areaEii"), false);

	(void)state;
	assert_string_equal(frame.name, "shapes::area");
	assert_string_equal(frame.full_name, "shapes::area(int, int)");
}

static void an_object_of_another_build_is_refused(void **state)
{
	_cleanup_(intern_freep) struct intern *strings = intern_new();
	_cleanup_(elf_image_closep) struct elf_image *image = open_fixture(FIXTURE("symbols"));
	struct build_id id = {.size = 20, .data = {1, 2, 3}};
	struct symbolize_address addr = {.vaddr = 0x1000};

	(void)state;
	assert_int_equal(
		symbolize_object(FIXTURE("symbols"), &id, image, &plain, strings, &addr, 1, NULL),
		-ESTALE);
	assert_string_equal(addr.frames[0].name, "[symbols]");
	symbolize_release(&addr, 1);
}

/* As `ctrace report` on another machine, or after an upgrade. */
static void a_debug_file_names_an_object_that_is_gone(void **state)
{
	static const char *const dirs[] = {FIXTURE("by-id"), NULL};
	const struct symbolize_options options = {.debug_dirs = dirs};
	_cleanup_(intern_freep) struct intern *strings = intern_new();
	_cleanup_(elf_image_closep) struct elf_image *image = open_fixture(FIXTURE("symbols"));
	struct symbolize_address addr = {.vaddr = symbol_vaddr(FIXTURE("symbols"), "hidden")};
	struct build_id id = elf_image_build_id(image);
	struct symbolize_stats stats;

	(void)state;
	assert_int_equal(
		symbolize_object("/gone/symbols", &id, NULL, &options, strings, &addr, 1, &stats),
		0);
	assert_string_equal(addr.frames[0].name, "hidden");
	assert_string_equal(addr.frames[0].module, "/gone/symbols");
	assert_non_null(strstr(stats.source, "its debug file alone"));
	symbolize_release(&addr, 1);
}

static void a_missing_object_still_gets_its_name(void **state)
{
	_cleanup_(intern_freep) struct intern *strings = intern_new();
	struct symbolize_address addr = {.vaddr = 0x1000};

	(void)state;
	assert_int_equal(symbolize_object("/nonexistent/libgone.so.1", NULL, NULL, &plain, strings,
					  &addr, 1, NULL),
			 -ENOENT);
	assert_string_equal(addr.frames[0].name, "[libgone.so.1]");
	symbolize_release(&addr, 1);
}

/* 20,000 addresses take far longer than a millisecond; their symbols do not count against it. */
static void debug_information_that_takes_too_long_costs_the_inlines_only(void **state)
{
	static const struct symbolize_options options = {
		.inlines = true, .lines = true, .timeout_ms = 1};
	enum { NR = 20000 };
	_cleanup_(intern_freep) struct intern *strings = intern_new();
	_cleanup_free_ struct symbolize_address *addrs = xcalloc(NR, sizeof(*addrs));
	uint64_t vaddr = symbol_vaddr(FIXTURE("cxx"), "_ZN6shapes4areaEii");
	struct symbolize_stats stats;

	(void)state;
	for (size_t i = 0; i < NR; i++)
		addrs[i].vaddr = vaddr + i / 5000;
	assert_int_equal(
		symbolize_object(FIXTURE("cxx"), NULL, NULL, &options, strings, addrs, NR, &stats),
		0);
	assert_string_equal(addrs[0].frames[0].name, "shapes::area");
	assert_non_null(strstr(stats.source, "took too long"));
	symbolize_release(addrs, NR);
}

static void modules_are_named_by_their_last_component(void **state)
{
	_cleanup_(intern_freep) struct intern *strings = intern_new();

	(void)state;
	assert_string_equal(symbolize_module_name(strings, "/usr/lib/libfoo.so.1"),
			    "[libfoo.so.1]");
	assert_string_equal(symbolize_module_name(strings, "[vdso]"), "[vdso]");
	assert_string_equal(symbolize_module_name(strings, ""), "[unknown]");
	assert_string_equal(symbolize_module_name(strings, NULL), "[unknown]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_symbol_names_its_address),
		cmocka_unit_test(a_return_address_belongs_to_the_call_before_it),
		cmocka_unit_test(a_function_without_a_symbol_is_named_by_its_start),
		cmocka_unit_test(code_nothing_is_known_of_is_the_module),
		cmocka_unit_test(template_arguments_move_to_the_full_name),
		cmocka_unit_test(an_object_of_another_build_is_refused),
		cmocka_unit_test(a_debug_file_names_an_object_that_is_gone),
		cmocka_unit_test(a_missing_object_still_gets_its_name),
		cmocka_unit_test(debug_information_that_takes_too_long_costs_the_inlines_only),
		cmocka_unit_test(modules_are_named_by_their_last_component),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
