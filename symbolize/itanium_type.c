/* SPDX-License-Identifier: MIT */
/* <type>: Itanium C++ ABI 5.1.5. */
#include "common/alloc.h"
#include "symbolize/itanium_parser.h"

#include <stdint.h>
#include <string.h>

static struct type_text plain(struct text text)
{
	return (struct type_text){.left = text, .right = TEXT("")};
}

struct text itanium_type_flat(struct itanium *p)
{
	struct type_text type = itanium_type(p);

	return itanium_flat(p, &type);
}

struct text itanium_qualifiers(struct itanium *p)
{
	bool is_restrict = itanium_takes(p, "r"), is_volatile = itanium_takes(p, "V");
	bool is_const = itanium_takes(p, "K");

	return itanium_join(p, "%%%", is_const ? TEXT(" const") : TEXT(""),
			    is_volatile ? TEXT(" volatile") : TEXT(""),
			    is_restrict ? TEXT(" restrict") : TEXT(""));
}

static const struct {
	const char *code, *name;
} builtins[] = {
	{"v", "void"},
	{"w", "wchar_t"},
	{"b", "bool"},
	{"c", "char"},
	{"a", "signed char"},
	{"h", "unsigned char"},
	{"s", "short"},
	{"t", "unsigned short"},
	{"i", "int"},
	{"j", "unsigned int"},
	{"l", "long"},
	{"m", "unsigned long"},
	{"x", "long long"},
	{"y", "unsigned long long"},
	{"n", "__int128"},
	{"o", "unsigned __int128"},
	{"f", "float"},
	{"d", "double"},
	{"e", "long double"},
	{"g", "__float128"},
	{"z", "..."},
	{"Da", "auto"},
	{"Dc", "decltype(auto)"},
	{"Dd", "decimal64"},
	{"De", "decimal128"},
	{"Df", "decimal32"},
	{"Dh", "half"},
	{"Di", "char32_t"},
	{"Ds", "char16_t"},
	{"Du", "char8_t"},
	{"Dn", "decltype(nullptr)"},
};

static bool take_builtin(struct itanium *p, struct text *ret_name)
{
	for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++) {
		if (!itanium_takes(p, builtins[i].code))
			continue;
		*ret_name = (struct text){builtins[i].name, strlen(builtins[i].name)};
		return true;
	}
	return false;
}

/* A declarator before what the type declares: "*", "&", " A::*". */
static struct type_text point(struct itanium *p, struct type_text type, struct text mark)
{
	if (type.is_function || type.is_array) {
		type.left = itanium_join(p, "% (%", type.left, mark);
		type.right = itanium_join(p, ")%", type.right);
	} else {
		type.left = itanium_join(p, "%%", type.left, mark);
	}
	type.is_function = type.is_array = false;
	return type;
}

/* "&" to what is a reference already stays one: T& && is T&. */
static struct type_text refer(struct itanium *p, struct type_text type, bool is_rvalue)
{
	size_t len = type.left.len;
	bool is_reference = !type.is_function && !type.is_array && len &&
			    type.left.at[len - 1] == '&';
	bool is_double = is_reference && len > 1 && type.left.at[len - 2] == '&';

	if (is_reference && (is_rvalue || !is_double))
		return type;
	if (is_double) {
		type.left.len--;
		return type;
	}
	return point(p, type, is_rvalue ? TEXT("&&") : TEXT("&"));
}

static struct text exception_specification(struct itanium *p)
{
	if (itanium_takes(p, "Do"))
		return TEXT(" noexcept");
	if (itanium_takes(p, "DO")) {
		struct text condition = itanium_expression(p);

		if (!itanium_takes(p, "E"))
			itanium_fail(p);
		return itanium_join(p, " noexcept(%)", condition);
	}
	if (itanium_takes(p, "Dw")) {
		while (!p->failed && !itanium_takes(p, "E"))
			itanium_type(p);
	}
	itanium_takes(p, "Dx");
	return TEXT("");
}

/* F [Y] <return type> <parameters> [R|O] E, behind qualifiers and exceptions. */
static struct type_text function_type(struct itanium *p, struct text qualifiers)
{
	struct text exceptions = exception_specification(p);
	struct type_text result;
	struct text parameters, reference = TEXT("");

	if (!itanium_takes(p, "F"))
		itanium_fail(p);
	itanium_takes(p, "Y");
	result = itanium_type(p);
	parameters = itanium_parameters(p, '\0');
	if (itanium_takes(p, "RE"))
		reference = TEXT(" &");
	else if (itanium_takes(p, "OE"))
		reference = TEXT(" &&");
	else if (!itanium_takes(p, "E"))
		itanium_fail(p);
	result.right = itanium_join(p, "%%%%%", parameters, qualifiers, reference, exceptions,
				    result.right);
	if (result.is_function)
		result.left = itanium_join(p, "% ", result.left);
	result.is_function = true;
	result.is_array = false;
	return result;
}

static struct type_text array_type(struct itanium *p)
{
	struct text size = TEXT("");
	struct type_text element;

	if (!itanium_takes(p, "_")) {
		char c = itanium_peek(p, 0);

		if (c >= '0' && c <= '9')
			itanium_number(p, &size);
		else
			size = itanium_expression(p);
		if (!itanium_takes(p, "_"))
			itanium_fail(p);
	}
	element = itanium_type(p);
	element.right = element.is_array ? itanium_join(p, " [%]%", size,
							(struct text){element.right.at + 1,
								      element.right.len - 1})
					 : itanium_join(p, " [%]%", size, element.right);
	element.is_array = true;
	return element;
}

static struct type_text member_pointer(struct itanium *p)
{
	struct text owner = itanium_type_flat(p);
	struct type_text member = itanium_type(p);

	if (member.is_function || member.is_array)
		return point(p, member, itanium_join(p, "%::*", owner));
	return point(p, member, itanium_join(p, " %::*", owner));
}

static struct type_text vector_type(struct itanium *p)
{
	struct text size = TEXT("");
	char c = itanium_peek(p, 0);

	if (c >= '0' && c <= '9')
		itanium_number(p, &size);
	else if (c != '_')
		size = itanium_expression(p);
	if (!itanium_takes(p, "_"))
		itanium_fail(p);
	if (itanium_takes(p, "p"))
		return plain(itanium_join(p, "pixel __vector(%)", size));
	return plain(itanium_join(p, "% __vector(%)", itanium_type_flat(p), size));
}

struct text itanium_decltype(struct itanium *p)
{
	struct text expression;

	p->at += 2;
	expression = itanium_expression(p);
	if (!itanium_takes(p, "E"))
		itanium_fail(p);
	return itanium_join(p, "decltype (%)", expression);
}

/* DF16_, DF16b, DF32x, DB8_, DU8_: numbers of bits. */
static struct text sized_type(struct itanium *p)
{
	char kind = itanium_peek(p, 1);
	struct text bits;

	p->at += 2;
	if (kind != 'F' && !(itanium_peek(p, 0) >= '0' && itanium_peek(p, 0) <= '9'))
		bits = itanium_expression(p);
	else
		itanium_number(p, &bits);
	if (itanium_takes(p, "b"))
		return TEXT("std::bfloat16_t");
	if (itanium_takes(p, "x"))
		return itanium_join(p, "_Float%x", bits);
	if (!itanium_takes(p, "_"))
		itanium_fail(p);
	if (kind == 'F')
		return itanium_join(p, "_Float%", bits);
	return itanium_join(p, kind == 'U' ? "unsigned _BitInt(%)" : "_BitInt(%)", bits);
}

struct text itanium_expand(struct itanium *p, struct text (*read)(struct itanium *p))
{
	size_t outer_at = p->pack_at, outer_size = p->pack_size;
	const char *start = p->at;
	struct text all = TEXT("");
	const char *after;
	size_t nr_substitutions, nr;

	p->pack_at = SIZE_MAX;
	p->pack_size = SIZE_MAX;
	all = read(p);
	nr = p->pack_size;
	after = p->at;
	nr_substitutions = p->nr_substitutions;
	/* Each element by reading the pattern again, with nothing kept but its text. */
	for (size_t i = 0; nr != SIZE_MAX && i < nr && !p->failed; i++) {
		struct text one;

		p->at = start;
		p->pack_at = i;
		one = read(p);
		all = i ? itanium_join(p, "%, %", all, one) : one;
		p->nr_substitutions = nr_substitutions;
	}
	if (nr == 0)
		all = TEXT("");
	if (!p->failed)
		p->at = after;
	p->pack_at = outer_at;
	p->pack_size = outer_size;
	return all;
}

/* Types that begin with D; false: it is none of them. */
static bool take_d_type(struct itanium *p, struct type_text *ret_type)
{
	switch (itanium_peek(p, 1)) {
	case 'p':
		p->at += 2;
		*ret_type = plain(itanium_expand(p, itanium_type_flat));
		return true;
	case 't':
	case 'T':
		*ret_type = plain(itanium_decltype(p));
		return true;
	case 'v':
		p->at += 2;
		*ret_type = vector_type(p);
		return true;
	case 'F':
	case 'B':
	case 'U':
		*ret_type = plain(sized_type(p));
		return true;
	case 'k':
	case 'K':
		p->at += 2;
		*ret_type = plain(itanium_join(p, "% auto", itanium_type_flat(p)));
		return true;
	case 'o':
	case 'O':
	case 'w':
	case 'x':
		*ret_type = function_type(p, TEXT(""));
		return true;
	default:
		return false;
	}
}

static struct text argument_text(struct itanium *p, const struct argument *argument)
{
	struct text all = TEXT("");

	if (!argument->pack)
		return argument->text;
	p->pack_size = argument->nr_pack;
	if (p->pack_at != SIZE_MAX)
		return p->pack_at < argument->nr_pack ? argument->pack[p->pack_at] : TEXT("");
	for (size_t i = 0; i < argument->nr_pack; i++)
		all = i ? itanium_join(p, "%, %", all, argument->pack[i]) : argument->pack[i];
	return all;
}

struct text itanium_template_parameter(struct itanium *p)
{
	size_t index = 0, level = 0;

	p->at++;
	if (itanium_takes(p, "L") && !itanium_index(p, 10, &level)) {
		itanium_fail(p);
		return TEXT("");
	}
	if (!itanium_index(p, 10, &index)) {
		itanium_fail(p);
		return TEXT("");
	}
	if (level || p->in_lambda_parameters)
		return TEXT("auto");
	if (index < p->nr_arguments)
		return argument_text(p, &p->arguments[index]);
	if (!p->in_conversion)
		itanium_fail(p);
	return TEXT("auto");
}

static const struct {
	char letter;
	const char *name;
} standard[] = {
	{'a', "std::allocator"}, {'b', "std::basic_string"}, {'s', "std::string"},
	{'i', "std::istream"},	 {'o', "std::ostream"},	     {'d', "std::iostream"},
};

struct type_text itanium_substitution(struct itanium *p)
{
	size_t index;

	p->at++;
	for (size_t i = 0; i < sizeof(standard) / sizeof(standard[0]); i++) {
		if (itanium_peek(p, 0) != standard[i].letter)
			continue;
		p->at++;
		return plain((struct text){standard[i].name, strlen(standard[i].name)});
	}
	if (!itanium_index(p, 36, &index) || index >= p->nr_substitutions) {
		itanium_fail(p);
		return plain(TEXT(""));
	}
	return p->substitutions[index];
}

/* Behind a template parameter or substitution may stand arguments: "T_" that is a template. */
static struct type_text with_arguments(struct itanium *p, struct type_text type)
{
	bool tags = p->tags_arguments;

	if (itanium_peek(p, 0) != 'I' || type.right.len || p->in_conversion)
		return type;
	p->tags_arguments = false;
	type.left = itanium_join(p, "%%", type.left, itanium_template_arguments(p));
	p->tags_arguments = tags;
	itanium_add_substitution(p, &type);
	return type;
}

static struct type_text substituted_type(struct itanium *p)
{
	struct type_text type = itanium_substitution(p);

	return with_arguments(p, type);
}

static struct type_text parameter_type(struct itanium *p)
{
	struct type_text type = plain(itanium_template_parameter(p));

	itanium_add_substitution(p, &type);
	return with_arguments(p, type);
}

static struct type_text class_type(struct itanium *p)
{
	struct name_info info = {0};
	bool tags = p->tags_arguments;
	struct type_text type;

	p->tags_arguments = false;
	type = plain(itanium_read_name(p, &info));
	p->tags_arguments = tags;
	return type;
}

/* U <source-name> [<template-args>] <type> */
static struct type_text vendor_qualified(struct itanium *p)
{
	struct text qualifier, arguments = TEXT("");
	struct type_text type;

	p->at++;
	qualifier = itanium_source_name(p);
	if (itanium_peek(p, 0) == 'I')
		arguments = itanium_template_arguments(p);
	type = itanium_type(p);
	type.left = itanium_join(p, "% %%", type.left, qualifier, arguments);
	return type;
}

static struct type_text qualified(struct itanium *p)
{
	struct text qualifiers = itanium_qualifiers(p);
	struct type_text type;

	if (itanium_peek(p, 0) == 'F' ||
	    (itanium_peek(p, 0) == 'D' && itanium_peek(p, 1) && strchr("oOwx", itanium_peek(p, 1))))
		return function_type(p, qualifiers);
	type = itanium_type(p);
	if (type.is_function)
		type.right = itanium_join(p, "%%", type.right, qualifiers);
	else
		type.left = itanium_join(p, "%%", type.left, qualifiers);
	return type;
}

/* What every letter but those of names and builtins begins. */
static bool take_compound(struct itanium *p, struct type_text *ret_type)
{
	switch (itanium_peek(p, 0)) {
	case 'r':
	case 'V':
	case 'K':
		*ret_type = qualified(p);
		return true;
	case 'P':
		p->at++;
		*ret_type = point(p, itanium_type(p), TEXT("*"));
		return true;
	case 'R':
	case 'O': {
		bool is_rvalue = *p->at++ == 'O';

		*ret_type = refer(p, itanium_type(p), is_rvalue);
		return true;
	}
	case 'C':
	case 'G': {
		bool is_complex = *p->at++ == 'C';

		*ret_type = itanium_type(p);
		ret_type->left = itanium_join(p, is_complex ? "% _Complex" : "% _Imaginary",
					      ret_type->left);
		return true;
	}
	case 'F':
		*ret_type = function_type(p, TEXT(""));
		return true;
	case 'A':
		p->at++;
		*ret_type = array_type(p);
		return true;
	case 'M':
		p->at++;
		*ret_type = member_pointer(p);
		return true;
	case 'U':
		*ret_type = vendor_qualified(p);
		return true;
	case 'D':
		return take_d_type(p, ret_type);
	default:
		return false;
	}
}

/* "u <source-name>": a builtin of the vendor's, with arguments perhaps. */
static struct type_text vendor_type(struct itanium *p)
{
	struct text name;

	p->at++;
	name = itanium_source_name(p);
	if (itanium_peek(p, 0) == 'I')
		name = itanium_join(p, "%%", name, itanium_template_arguments(p));
	return plain(name);
}

static struct type_text type_here(struct itanium *p)
{
	struct type_text type = plain(TEXT(""));
	struct text builtin;
	char c = itanium_peek(p, 0), next = itanium_peek(p, 1);

	if (take_builtin(p, &builtin))
		return plain(builtin);
	if (c == 'S' && next != 't')
		return substituted_type(p);
	if (c == 'T' && next && strchr("sue", next)) {
		p->at += 2;
		type = class_type(p);
	} else if (c == 'T') {
		return parameter_type(p);
	} else if (c == 'u') {
		type = vendor_type(p);
	} else if (!take_compound(p, &type)) {
		type = class_type(p);
	}
	/* Builtins with a size, and constrained placeholders, are no candidates. */
	if (!(c == 'D' && next && strchr("FBUkK", next)))
		itanium_add_substitution(p, &type);
	return type;
}

struct type_text itanium_type(struct itanium *p)
{
	struct type_text type;

	if (!itanium_enter(p))
		return plain(TEXT(""));
	type = type_here(p);
	itanium_leave(p);
	return type;
}
