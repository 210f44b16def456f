/* SPDX-License-Identifier: MIT */
/* What a typed name means: raw and demangled names, globs, pieces of functions. */
#include "test.h"

#include "symbolize/name_pattern.h"

static enum name_verdict judge(const char *text, const char *raw)
{
	struct name_pattern pattern;

	name_pattern_init(&pattern, text, false);
	return name_pattern_judge(&pattern, raw);
}

static void test_raw_names_and_globs(void **state)
{
	(void)state;
	assert_int_equal(judge("malloc", "malloc"), NAME_EQUALS);
	assert_int_equal(judge("mal*", "malloc"), NAME_MATCHES);
	assert_int_equal(judge("mallo", "malloc"), NAME_DIFFERS);
	assert_int_equal(judge("*", "_ZN6shapes4areaEii"), NAME_MATCHES);
	assert_int_equal(judge("_ZN6*", "_ZN6shapes4areaEii"), NAME_MATCHES);
}

static void test_demangled_names_with_and_without_parameters(void **state)
{
	(void)state;
	assert_int_equal(judge("shapes::area", "_ZN6shapes4areaEii"), NAME_EQUALS);
	assert_int_equal(judge("shapes::area(int, int)", "_ZN6shapes4areaEii"), NAME_EQUALS);
	assert_int_equal(judge("shapes::area(int)", "_ZN6shapes4areaEii"), NAME_DIFFERS);
	assert_int_equal(judge("shapes::*", "_ZN6shapes4areaEii"), NAME_MATCHES);
	/* A name with a glob's letters means itself, where there is one of it. */
	assert_int_equal(judge("f(char*)", "_Z1fPc"), NAME_EQUALS);
	assert_int_equal(judge("f(char*)", "_Z1fPcPc"), NAME_MATCHES);
}

static void test_words_that_manglings_abbreviate(void **state)
{
	(void)state;
	assert_int_equal(judge("main::{lambda(int)#1}::operator()", "_ZZ4mainENKUliE_clEi"),
			 NAME_EQUALS);
	assert_int_equal(judge("*lambda*", "_ZZ4mainENKUliE_clEi"), NAME_MATCHES);
	assert_int_equal(judge("*ambda*", "_ZZ4mainENKUliE_clEi"), NAME_MATCHES);
	assert_int_equal(judge("a::main::{closure#0}", "_RNCNvCsgStHSCytQ6I_1a4main0B3_"),
			 NAME_EQUALS);
	assert_int_equal(judge("*closure*", "_RNCNvCsgStHSCytQ6I_1a4main0B3_"), NAME_MATCHES);
	assert_int_equal(judge("a::main::{{closure}}",
			       "_ZN1a4main28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE"),
			 NAME_EQUALS);
	assert_int_equal(judge("std::allocator<char>::allocator", "_ZNSaIcEC1Ev"), NAME_EQUALS);
}

static void test_globs_are_not_about_arguments(void **state)
{
	/* each<main::{lambda(int)#1}>(main::{lambda(int)#1}) */
	static const char raw[] = "_Z4eachIZ4mainEUliE_EiT_";

	(void)state;
	assert_int_equal(judge("*lambda*", raw), NAME_DIFFERS);
	assert_int_equal(judge("*main*", raw), NAME_DIFFERS);
	assert_int_equal(judge("each*", raw), NAME_MATCHES);
	assert_int_equal(judge("each<*lambda*", raw), NAME_MATCHES);
	assert_int_equal(judge("int each<main::{lambda(int)#1}>(main::{lambda(int)#1})", raw),
			 NAME_EQUALS);
}

static void test_clones_are_the_function_and_pieces_are_not(void **state)
{
	(void)state;
	assert_int_equal(judge("foo", "foo.constprop.0"), NAME_EQUALS);
	assert_int_equal(judge("foo", "foo.isra.0"), NAME_EQUALS);
	assert_int_equal(judge("foo", "foo.cold"), NAME_DIFFERS);
	assert_int_equal(judge("foo", "foo.part.0"), NAME_DIFFERS);
	assert_int_equal(judge("foo", "_Z3foov.cold"), NAME_DIFFERS);
	assert_int_equal(judge("foo*", "foo.cold"), NAME_DIFFERS);
	assert_int_equal(judge("foo.cold", "foo.cold"), NAME_EQUALS);
	assert_int_equal(judge("foo.c*", "foo.cold"), NAME_DIFFERS);
	assert_int_equal(judge("foo.cold*", "foo.cold"), NAME_MATCHES);
}

static void test_stubs_are_no_functions(void **state)
{
	(void)state;
	assert_int_equal(judge("mall*", "malloc@plt"), NAME_DIFFERS);
	assert_int_equal(judge("malloc@plt", "malloc@plt"), NAME_EQUALS);
	assert_int_equal(judge("*@plt", "malloc@plt"), NAME_MATCHES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_raw_names_and_globs),
		cmocka_unit_test(test_demangled_names_with_and_without_parameters),
		cmocka_unit_test(test_words_that_manglings_abbreviate),
		cmocka_unit_test(test_globs_are_not_about_arguments),
		cmocka_unit_test(test_clones_are_the_function_and_pieces_are_not),
		cmocka_unit_test(test_stubs_are_no_functions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
