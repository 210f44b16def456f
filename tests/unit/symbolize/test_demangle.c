/* SPDX-License-Identifier: MIT */
#include "symbolize/demangle.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

struct name_case {
	const char *raw;
	const char *expected;
};

static void check_names(const struct name_case *cases, size_t nr, enum demangle_mode mode)
{
	for (size_t i = 0; i < nr; i++) {
		_cleanup_free_ char *got = demangle_name(cases[i].raw, mode);

		assert_string_equal(got, cases[i].expected);
	}
}

#define CHECK_NAMES(cases, mode) check_names(cases, sizeof(cases) / sizeof((cases)[0]), mode)

#define STRING "NSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE"

static void short_names_have_no_parameters_hashes_or_defaults(void **state)
{
	static const struct name_case cases[] = {
		{"main", "main"},
		{"_start", "_start"},
		{"_Z3addii", "add"},
		{"_ZN3app4workERKi", "app::work"},
		{"_Z3addii@@VERS_1.0", "add"},
		{"malloc@plt", "malloc@plt"},
		{"_Z3addii@plt", "add@plt"},
		{"_ZNK3foo3barB5cxx11Ev", "foo::bar"},
		{"_ZN12_GLOBAL__N_13fooEv", "(anonymous namespace)::foo"},
		{"_ZNK3fooclEi", "foo::operator()"},
		{"_ZlsRSoRK3foo", "operator<<"},
		{"_ZN3foocv" STRING "Ev", "foo::operator std::string"},
		{"_ZnwmSt11align_val_t", "operator new"},
		{"_ZSt3minIiERKT_S2_S2_.isra.0", "std::min<int>"},
		{"_ZZN3foo3barEivENKUliE_clEi", "foo::bar::{lambda(int)#1}::operator()"},
		{"_ZZ3fooIiEvT_ENKUlvE_clEv", "foo<int>::{lambda()#1}::operator()"},
		{"_ZThn16_N3foo3barEv", "non-virtual thunk to foo::bar"},
		{"_ZNSt8functionIFvRK" STRING "EEC1Ev",
		 "std::function<void (std::string const&)>::function"},
		{"_ZNSt6vectorI" STRING "SaIS5_EE9push_backEOS5_",
		 "std::vector<std::string>::push_back"},
		{"_ZNSt3mapI" STRING "iSt4lessIS5_ESaISt4pairIKS5_iEEEixERS8_",
		 "std::map<std::string, int>::operator[]"},
		{"_ZNSt10unique_ptrIiSt14default_deleteIiEE5resetEPi",
		 "std::unique_ptr<int>::reset"},
		{"_ZNSt3__16vectorIiNS_9allocatorIiEEE9push_backEOi",
		 "std::vector<int>::push_back"},
		{"_ZNSt9allocatorIcEC1Ev", "std::allocator<char>::allocator"},
		{"foo.isra.0", "foo"},
		{"*Shelf(Int32)@Shelf(T)#put<Int32>:Int32",
		 "*Shelf(Int32)@Shelf(T)#put<Int32>:Int32"},
		{"depot.@each$lambda1", "depot.@each$lambda1"},
		{"depot.@each", "depot.@each"},
		{"memcpy@GLIBC_2.14", "memcpy"},
		{"@odd", "@odd"},
		{"_ZN1u13gr$uf6$$udf$e17h51a5cc9f4f8ead31E", "u::größe"},
		{"_ZN1u15_$u65e5$$u672c$15_$u95a2$$u6570$17h32b01bb69d85aa23E", "u::日本::関数"},
		{"_ZN1u8$u7$five17h32b01bb69d85aa23E", "u::$u7$five"},
		{"_ZN4yard8concept_ITk6NumberiEEiT_", "yard::concept_<int>"},
		{"_ZN4yard9requires_IdQeqstT_Li8EEEiS1_", "yard::requires_<double>"},
		{"_ZN4yard6sfinaeIlTnNSt9enable_ifIXsr3stdE13is_integral_vIT_EEiE4typeELi0EEEiS2_",
		 "yard::sfinae<long, 0>"},
		{"_ZNH1A3fooES_", "A::foo"},
		{"_ZN1AF3fooIiEEvT_Qlt1CIS1_E", "_ZN1AF3fooIiEEvT_Qlt1CIS1_E"},
		{"_ZZ4mainENKUlTkN3std3anyERKT_E_clIiEEDaS1_",
		 "main::{lambda(auto const&)#1}::operator()<int>"},
		{"camlM__entry", "M.entry"},
		{"camlM__put_289", "M.put"},
		{"camlM__rec$27_295", "M.rec'"},
		{"camlStdlib__Array__sort_465", "Stdlib.Array.sort"},
		{"camlStdlib__List.iter_283", "Stdlib.List.iter"},
		{"camlStdlib__List$add_12", "Stdlib.List.add"},
		{"camlM__$2b$2b_12", "M.++"},
		{"camlM__fun_1203", "M.fun"},
		{"caml_alloc_small", "caml_alloc_small"},
		{"camlish", "camlish"},
		{"camlM", "M"},
		{"foo.constprop.0.isra.1", "foo"},
		{"foo.part.3.cold", "foo"},
		{"foo.llvm.12345678", "foo"},
		{"foo.v2", "foo.v2"},
		{"net/http.(*Client).Do", "net/http.(*Client).Do"},
	};

	(void)state;
	CHECK_NAMES(cases, DEMANGLE_SHORT);
}

static void rust_names_lose_the_hash_and_keep_their_traits(void **state)
{
	static const struct name_case cases[] = {
		{"_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE", "core::fmt::Write::write_fmt"},
		{"_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE.llvm.1234",
		 "core::fmt::Write::write_fmt"},
		{"_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$"
		 "3bar17h930b740aa94f1d3aE",
		 "<Test + 'static as foo::Bar<Test>>::bar"},
		{"_ZN3foo3bar28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE",
		 "foo::bar::{{closure}}"},
		{"_RNvNtCs1234_7mycrate3foo3bar", "mycrate::foo::bar"},
		{"_RNvXCs1234_7mycrateNtB2_1SNtB2_1T1f", "<mycrate::S as mycrate::T>::f"},
		{"_RINvNtC3std3mem8align_ofdE", "std::mem::align_of::<f64>"},
	};

	(void)state;
	CHECK_NAMES(cases, DEMANGLE_SHORT);
}

static void d_names_lose_their_parameters(void **state)
{
	static const struct name_case cases[] = {
		{"_Dmain", "D main"},
		{"_D8demangle4testFaZv", "demangle.test"},
		{"_D8demangle13__T4testTaTaZ4testFZv", "demangle.test!(char, char).test"},
	};

	(void)state;
	CHECK_NAMES(cases, DEMANGLE_SHORT);
}

static void full_names_keep_everything_but_the_rust_hash(void **state)
{
	static const struct name_case cases[] = {
		{"_Z3addii", "add(int, int)"},
		{"_ZSt3minIiERKT_S2_S2_.isra.0",
		 "int const& std::min<int>(int const&, int const&) [clone .isra.0]"},
		{"_ZNK3foo3barB5cxx11Ev", "foo::bar[abi:cxx11]() const"},
		{"_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE", "core::fmt::Write::write_fmt"},
		{"_D8demangle4testFaZv", "demangle.test(char)"},
		{"foo.isra.0", "foo.isra.0"},
		{"_Z3addii@@VERS_1.0", "add(int, int)"},
	};

	(void)state;
	CHECK_NAMES(cases, DEMANGLE_FULL);
}

static void simple_names_have_empty_template_arguments(void **state)
{
	static const struct name_case cases[] = {
		{"_ZNSt6vectorIiSaIiEE9push_backEOi", "std::vector<>::push_back"},
		{"_ZNSt6vectorIS_IiSaIiEESaIS1_EE9push_backEOS1_", "std::vector<>::push_back"},
		{"_ZN3fooltIiEEvT_", "foo::operator< <>"},
		{"_RINvNtC3std3mem8align_ofdE", "std::mem::align_of::<>"},
		{"_RNvXCs1234_7mycrateNtB2_1SNtB2_1T1f", "<mycrate::S as mycrate::T>::f"},
		{"_D8demangle13__T4testTaTaZ4testFZv", "demangle.test!().test"},
	};

	(void)state;
	CHECK_NAMES(cases, DEMANGLE_SIMPLE);
}

static void raw_names_lose_their_version_only(void **state)
{
	static const struct name_case cases[] = {
		{"_Z3addii", "_Z3addii"},
		{"_Z3addii@VERS", "_Z3addii"},
		{"foo.cold", "foo.cold"},
	};

	(void)state;
	CHECK_NAMES(cases, DEMANGLE_NONE);
}

static void what_is_no_mangled_name_stays(void **state)
{
	static const struct name_case cases[] = {
		{"", ""},	    {"_", "_"},	    {"_Z", "_Z"}, {"_ZN", "_ZN"},
		{"_Z3ad", "_Z3ad"}, {"_RN", "_RN"}, {"_D", "_D"}, {"_D3", "_D3"},
		{".cold", ".cold"}, {".1", ".1"},   {"a.", "a."}, {"..cold", "."},
	};

	(void)state;
	CHECK_NAMES(cases, DEMANGLE_SHORT);
}

/* f(a20<a20<...>>): 14,000 bytes, 28,000 components where libiberty stops at 2,048. */
static void names_beyond_the_library_limit_are_read(void **state)
{
	_cleanup_free_ char *raw = xcalloc(1, 65536);
	_cleanup_free_ char *got = NULL;
	const size_t depth = 450;
	size_t nr = (size_t)sprintf(raw, "_Z1f");

	(void)state;
	for (size_t i = 0; i < depth; i++)
		nr += (size_t)sprintf(raw + nr, "26abcdefghijklmnopqrstuvwxyzI");
	raw[nr++] = 'i';
	memset(raw + nr, 'E', depth);
	got = demangle_name(raw, DEMANGLE_FULL);
	assert_memory_equal(got, "f(abcdefghijklmnopqrstuvwxyz<abc", 32);
}

static void names_that_explode_are_left_alone(void **state)
{
	_cleanup_free_ char *raw = xcalloc(1, 65536);
	_cleanup_free_ char *got = NULL;
	size_t nr;

	(void)state;
	/* Each level holds the one before it twice: 2^40 bytes if printed. */
	nr = (size_t)sprintf(raw, "_Z1f1aIiiE");
	for (int i = 0; i < 40; i++) {
		static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
		char last[4] = "";

		/* Substitutions: "a" is S_, the first a<> S0_, the next S1_ ... */
		if (i < 36)
			last[0] = digits[i];
		else
			snprintf(last, sizeof(last), "1%c", digits[i - 36]);
		nr += (size_t)sprintf(raw + nr, "S_IS%s_S%s_E", last, last);
	}
	got = demangle_name(raw, DEMANGLE_FULL);
	assert_string_equal(got, raw);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_names_have_no_parameters_hashes_or_defaults),
		cmocka_unit_test(rust_names_lose_the_hash_and_keep_their_traits),
		cmocka_unit_test(d_names_lose_their_parameters),
		cmocka_unit_test(full_names_keep_everything_but_the_rust_hash),
		cmocka_unit_test(simple_names_have_empty_template_arguments),
		cmocka_unit_test(raw_names_lose_their_version_only),
		cmocka_unit_test(what_is_no_mangled_name_stays),
		cmocka_unit_test(names_beyond_the_library_limit_are_read),
		cmocka_unit_test(names_that_explode_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
