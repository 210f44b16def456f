/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "common/cleanup.h"
#include "flamegraph/frame_label.h"

static void assert_label(const char *name, size_t room, const char *expected)
{
	_cleanup_free_ char *label = frame_label(name, room);

	if (expected)
		assert_string_equal(label, expected);
	else
		assert_null(label);
}

static void test_arguments_go_before_scopes_and_scopes_before_letters(void **state)
{
	const char *name = "ns::Foo<int>::bar(std::string const&)";

	(void)state;
	assert_label(name, 40, name);
	assert_label(name, 30, "ns::Foo<\xe2\x80\xa6>::bar(\xe2\x80\xa6)");
	assert_label(name, 17, "\xe2\x80\xa6::Foo<\xe2\x80\xa6>::bar(\xe2\x80\xa6)");
	assert_label(name, 10, "\xe2\x80\xa6::bar(\xe2\x80\xa6)");
	assert_label(name, 5, "bar(\xe2\x80\xa6");
	assert_label(name, 3, "ba\xe2\x80\xa6");
	assert_label("Map<int, long>::at_<char>", 5, "at_<\xe2\x80\xa6");
	assert_label("(anonymous namespace)", 3, "(\xe2\x80\xa6)");
	assert_label("ns::f<char>", 4, "f<\xe2\x80\xa6>");
	assert_label(name, 2, NULL);
}

static void test_operators_and_lone_brackets_are_left_alone(void **state)
{
	(void)state;
	assert_label("operator<<(std::ostream&)", 12, "operator<<(\xe2\x80\xa6");
	assert_label("f(int", 4, "f(i\xe2\x80\xa6");
	assert_label("Foo::operator()(int, char)", 20, "Foo::operator()(\xe2\x80\xa6)");
	assert_label("a->b->c", 4, "a->\xe2\x80\xa6");
}

#define DOTS "\xe2\x80\xa6"

static void test_a_method_of_a_trait_says_whose_it_is(void **state)
{
	const char *name = "<alloc::vec::Vec<u8> as std::io::Write>::write_all";

	(void)state;
	assert_label(name, 60, name);
	assert_label(name, 30, "<Vec<" DOTS "> as Write>::write_all");
	assert_label(name, 18, "Vec<" DOTS ">::write_all");
	assert_label(name, 12, DOTS "::write_all");
	assert_label("<[u8] as core::fmt::Debug>::fmt", 25, "<[u8] as Debug>::fmt");
	assert_label("<a::b::Thing>::new", 12, "Thing::new");
	assert_label("<unclosed as b::Trait::f", 12, DOTS "::Trait::f");
}

static void test_operators_and_closures_keep_their_owner(void **state)
{
	(void)state;
	assert_label("ns::Less::operator()", 19, DOTS "::Less::operator()");
	assert_label("ns::Less::operator()", 18, "Less::operator()");
	assert_label("ns::Less::operator()", 14, "Less::operato" DOTS);
	assert_label("shop::main::{closure#0}", 20, DOTS "::main::{closure#0}");
	assert_label("shop::main::{closure#0}", 12, "main::{clos" DOTS);
}

static void test_letters_are_counted_not_bytes(void **state)
{
	(void)state;
	assert_label("\xc3\xa4\xc3\xb6\xc3\xbc", 3, "\xc3\xa4\xc3\xb6\xc3\xbc");
	assert_label("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f", 3, "\xc3\xa4\xc3\xb6\xe2\x80\xa6");
}

static void test_wide_characters_take_two_cells_and_marks_none(void **state)
{
	(void)state;
	assert_label("\xe9\x96\xa2\xe6\x95\xb0", 4, "\xe9\x96\xa2\xe6\x95\xb0");
	assert_label("\xe9\x96\xa2\xe6\x95\xb0", 3, "\xe9\x96\xa2\xe2\x80\xa6");
	assert_label("\xe9\x96\xa2\xe6\x95\xb0\xe5\x90\x8d", 4, "\xe9\x96\xa2\xe2\x80\xa6");
	assert_label("a_\xf0\x9f\x9a\x80\xf0\x9f\x9a\x80", 5, "a_\xf0\x9f\x9a\x80\xe2\x80\xa6");
	assert_label("e\xcc\x81"
		     "e\xcc\x81"
		     "e\xcc\x81",
		     3,
		     "e\xcc\x81"
		     "e\xcc\x81"
		     "e\xcc\x81");
	assert_label("e\xcc\x81"
		     "e\xcc\x81xyz",
		     4,
		     "e\xcc\x81"
		     "e\xcc\x81x\xe2\x80\xa6");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arguments_go_before_scopes_and_scopes_before_letters),
		cmocka_unit_test(test_operators_and_lone_brackets_are_left_alone),
		cmocka_unit_test(test_a_method_of_a_trait_says_whose_it_is),
		cmocka_unit_test(test_operators_and_closures_keep_their_owner),
		cmocka_unit_test(test_letters_are_counted_not_bytes),
		cmocka_unit_test(test_wide_characters_take_two_cells_and_marks_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
