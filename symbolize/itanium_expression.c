/* SPDX-License-Identifier: MIT */
/* <expression>: Itanium C++ ABI 5.1.6, with clang's requires-expressions. */
#include "symbolize/itanium_parser.h"

#include <string.h>

static struct text expressions_until_end(struct itanium *p)
{
	struct text all = TEXT("");

	while (!p->failed && !itanium_takes(p, "E")) {
		struct text one = itanium_expression(p);

		all = all.len ? itanium_join(p, "%, %", all, one) : one;
	}
	return all;
}

static bool is_suffixed(struct text type, const char *name)
{
	return type.len == strlen(name) && memcmp(type.at, name, type.len) == 0;
}

/* L <type> <value> E, L _Z <encoding> E */
struct text itanium_literal(struct itanium *p)
{
	struct text type, value;
	bool is_negative;

	p->at++;
	if (itanium_takes(p, "_Z") || itanium_takes(p, "Z")) {
		value = itanium_encoding(p, false);
		if (!itanium_takes(p, "E"))
			itanium_fail(p);
		return value;
	}
	type = itanium_type_flat(p);
	is_negative = itanium_takes(p, "n");
	value.at = p->at;
	while (p->at < p->end && *p->at != 'E')
		p->at++;
	value.len = (size_t)(p->at - value.at);
	if (!itanium_takes(p, "E"))
		itanium_fail(p);
	if (is_suffixed(type, "bool") && value.len == 1)
		return *value.at == '0' ? TEXT("false") : TEXT("true");
	if (is_suffixed(type, "decltype(nullptr)"))
		return TEXT("nullptr");
	if (is_negative)
		value = itanium_join(p, "-%", value);
	if (is_suffixed(type, "int"))
		return value;
	if (is_suffixed(type, "unsigned int"))
		return itanium_join(p, "%u", value);
	if (is_suffixed(type, "long"))
		return itanium_join(p, "%l", value);
	if (is_suffixed(type, "unsigned long"))
		return itanium_join(p, "%ul", value);
	return itanium_join(p, "(%)%", type, value);
}

/* fp [qualifiers] [number] _, fL <level> p [qualifiers] [number] _, fpT */
static struct text function_parameter(struct itanium *p)
{
	struct text number = TEXT("");

	if (itanium_takes(p, "fpT"))
		return TEXT("this");
	if (itanium_takes(p, "fL")) {
		itanium_number(p, &number);
		if (!itanium_takes(p, "p"))
			itanium_fail(p);
	} else {
		p->at += 2;
	}
	itanium_qualifiers(p);
	itanium_number(p, &number);
	if (!itanium_takes(p, "_"))
		itanium_fail(p);
	return itanium_join(p, "{parm#%}", number);
}

/* fl, fr: "(... + pack)", "(pack + ...)"; fL, fR with an initial value. */
static struct text fold(struct itanium *p)
{
	char kind = itanium_peek(p, 1);
	const struct itanium_operator *operator;
	struct text pack, start, symbol;

	p->at += 2;
	operator= itanium_take_operator(p);
	if (!operator) {
		itanium_fail(p);
		return TEXT("");
	}
	symbol = (struct text){operator->symbol, strlen(operator->symbol)};
	pack = itanium_expression(p);
	if (kind == 'l')
		return itanium_join(p, "(...%%)", symbol, pack);
	if (kind == 'r')
		return itanium_join(p, "(%%...)", pack, symbol);
	start = itanium_expression(p);
	return itanium_join(p, "(%%...%%)", pack, symbol, symbol, start);
}

/* sr <type> <name>, [gs] on/dn <name>, plain names of unresolved functions */
static struct text unresolved_base(struct itanium *p)
{
	struct name_info info = {0};
	struct text name;

	if (itanium_takes(p, "dn")) {
		char c = itanium_peek(p, 0);

		return itanium_join(p, "~%",
				    c >= '0' && c <= '9' ? itanium_source_name(p)
							 : itanium_type_flat(p));
	}
	itanium_takes(p, "on");
	name = itanium_unqualified_name(p, TEXT(""), &info);
	if (itanium_peek(p, 0) == 'I')
		name = itanium_join(p, "%%", name, itanium_template_arguments(p));
	return name;
}

static struct text unresolved_name(struct itanium *p)
{
	struct text scope;

	if (!itanium_takes(p, "sr"))
		return unresolved_base(p);
	if (itanium_takes(p, "N")) {
		scope = itanium_type_flat(p);
		if (itanium_peek(p, 0) == 'I')
			scope = itanium_join(p, "%%", scope, itanium_template_arguments(p));
		while (!p->failed && !itanium_takes(p, "E"))
			scope = itanium_join(p, "%::%", scope, unresolved_base(p));
		return itanium_join(p, "%::%", scope, unresolved_base(p));
	}
	if (itanium_peek(p, 0) >= '0' && itanium_peek(p, 0) <= '9') {
		scope = unresolved_base(p);
		while (!p->failed && !itanium_takes(p, "E"))
			scope = itanium_join(p, "%::%", scope, unresolved_base(p));
		return itanium_join(p, "%::%", scope, unresolved_base(p));
	}
	scope = itanium_type_flat(p);
	return itanium_join(p, "%::%", scope, unresolved_base(p));
}

/* T y | T n <type> | T t <declarations> E | T k <name> | T p <declaration> */
bool itanium_parameter_declaration(struct itanium *p)
{
	struct name_info info = {0};
	char kind = itanium_peek(p, 1);

	if (itanium_peek(p, 0) != 'T' || !kind || !strchr("yntkp", kind) || !itanium_enter(p))
		return false;
	p->at += 2;
	switch (kind) {
	case 'n':
		itanium_type(p);
		break;
	case 't':
		while (itanium_parameter_declaration(p))
			;
		if (itanium_takes(p, "Q"))
			itanium_expression(p);
		if (!itanium_takes(p, "E"))
			itanium_fail(p);
		break;
	case 'k':
		itanium_read_name(p, &info);
		break;
	case 'p':
		if (!itanium_parameter_declaration(p))
			itanium_fail(p);
		break;
	default:
		break;
	}
	itanium_leave(p);
	return !p->failed;
}

/* rq <requirement>+ E, rQ <parameters> _ <requirement>+ E */
static struct text requires_expression(struct itanium *p)
{
	bool has_parameters = itanium_peek(p, 1) == 'Q';

	p->at += 2;
	if (has_parameters) {
		itanium_parameters(p, '_');
		if (!itanium_takes(p, "_"))
			itanium_fail(p);
	}
	while (!p->failed && !itanium_takes(p, "E")) {
		struct name_info info = {0};

		if (itanium_takes(p, "X")) {
			itanium_expression(p);
			itanium_takes(p, "N");
			if (itanium_takes(p, "R"))
				itanium_read_name(p, &info);
		} else if (itanium_takes(p, "T")) {
			itanium_type(p);
		} else if (itanium_takes(p, "Q")) {
			itanium_expression(p);
		} else {
			itanium_fail(p);
		}
	}
	return TEXT("requires {...}");
}

/* nw, na: <placement>* _ <type> (E | pi <value>* E) */
static struct text new_expression(struct itanium *p, struct text word)
{
	struct text type, values = TEXT("");

	while (!p->failed && !itanium_takes(p, "_"))
		itanium_expression(p);
	type = itanium_type_flat(p);
	if (itanium_takes(p, "pi"))
		values = expressions_until_end(p);
	else if (itanium_peek(p, 0) == 'i')
		values = itanium_expression(p);
	else if (!itanium_takes(p, "E"))
		itanium_fail(p);
	return itanium_join(p, "% %(%)", word, type, values);
}

/* Operators with a form of their own. */
static struct text special_operator(struct itanium *p, const char *code, struct text symbol)
{
	struct text first, second;

	if (code[0] == 'n' && code[1] != 'e')
		return new_expression(p, symbol);
	first = itanium_expression(p);
	if (strcmp(code, "cl") == 0)
		return itanium_join(p, "%(%)", first, expressions_until_end(p));
	if (strcmp(code, "az") == 0)
		return itanium_join(p, "alignof (%)", first);
	if (code[0] == 'd')
		return itanium_join(p, "% %", symbol, first);
	if (strcmp(code, "pt") == 0)
		return itanium_join(p, "%->%", first, unresolved_name(p));
	second = itanium_expression(p);
	if (strcmp(code, "ix") == 0)
		return itanium_join(p, "%[%]", first, second);
	return itanium_join(p, "%?% : %", first, second, itanium_expression(p));
}

static struct text by_operator(struct itanium *p)
{
	const struct itanium_operator *operator= itanium_take_operator(p);
	struct text symbol, first;

	if (!operator)
		return unresolved_name(p);
	symbol = (struct text){operator->symbol, strlen(operator->symbol)};
	switch (operator->form) {
	case 'p':
		return itanium_join(p, "%%", symbol, itanium_expression(p));
	case 'o':
		if (itanium_takes(p, "_"))
			return itanium_join(p, "%%", symbol, itanium_expression(p));
		return itanium_join(p, "%%", itanium_expression(p), symbol);
	case 'b':
		first = itanium_expression(p);
		return itanium_join(p, "(%)%(%)", first, symbol, itanium_expression(p));
	default:
		return special_operator(p, operator->code, symbol);
	}
}

/* Forms that begin with a code of their own: the code, its text around one type or expression. */
static const struct {
	char code[3];
	bool of_type;
	const char *format;
} simple_forms[] = {
	{"at", true, "alignof (%)"}, {"st", true, "sizeof (%)"},    {"ti", true, "typeid (%)"},
	{"te", false, "typeid (%)"}, {"sz", false, "sizeof (%)"},   {"nx", false, "noexcept (%)"},
	{"tw", false, "throw %"},    {"sZ", false, "sizeof...(%)"},
};

static bool take_simple_form(struct itanium *p, struct text *ret_text)
{
	for (size_t i = 0; i < sizeof(simple_forms) / sizeof(simple_forms[0]); i++) {
		if (!itanium_takes(p, simple_forms[i].code))
			continue;
		*ret_text = itanium_join(p, simple_forms[i].format,
					 simple_forms[i].of_type ? itanium_type_flat(p)
								 : itanium_expression(p));
		return true;
	}
	return false;
}

/* dc, sc, cc, rc <type> <expression>; cv, tl, il: conversions and braces */
static bool take_conversion(struct itanium *p, struct text *ret_text)
{
	struct text type;

	if (itanium_takes(p, "dc") || itanium_takes(p, "sc") || itanium_takes(p, "cc") ||
	    itanium_takes(p, "rc")) {
		type = itanium_type_flat(p);
		*ret_text = itanium_join(p, "(%)(%)", type, itanium_expression(p));
	} else if (itanium_takes(p, "cv")) {
		type = itanium_type_flat(p);
		*ret_text = itanium_join(p, "(%)(%)", type,
					 itanium_takes(p, "_") ? expressions_until_end(p)
							       : itanium_expression(p));
	} else if (itanium_takes(p, "tl")) {
		type = itanium_type_flat(p);
		*ret_text = itanium_join(p, "%{%}", type, expressions_until_end(p));
	} else if (itanium_takes(p, "il")) {
		*ret_text = itanium_join(p, "{%}", expressions_until_end(p));
	} else {
		return false;
	}
	return true;
}

/* di, dx, dX: designators inside braces; sP: sizeof... of captured arguments; u: the vendor's */
static bool take_rare(struct itanium *p, struct text *ret_text)
{
	if (itanium_takes(p, "di")) {
		struct text field = itanium_source_name(p);

		*ret_text = itanium_join(p, ".%=%", field, itanium_expression(p));
	} else if (itanium_takes(p, "dx")) {
		struct text index = itanium_expression(p);

		*ret_text = itanium_join(p, "[%]=%", index, itanium_expression(p));
	} else if (itanium_takes(p, "dX")) {
		struct text from = itanium_expression(p), to = itanium_expression(p);

		*ret_text = itanium_join(p, "[% ... %]=%", from, to, itanium_expression(p));
	} else if (itanium_takes(p, "sP")) {
		*ret_text = itanium_join(p, "sizeof...(%)", expressions_until_end(p));
	} else if (itanium_takes(p, "so")) {
		itanium_type(p);
		*ret_text = itanium_expression(p);
		while (p->at < p->end && !itanium_takes(p, "E"))
			p->at++;
	} else if (itanium_takes(p, "u")) {
		struct text name = itanium_source_name(p);

		*ret_text = itanium_join(p, "%(%)", name, expressions_until_end(p));
	} else {
		return false;
	}
	return true;
}

static struct text expression_here(struct itanium *p)
{
	struct text text, member;
	char next = itanium_peek(p, 1);

	switch (itanium_peek(p, 0)) {
	case 'L':
		return itanium_literal(p);
	case 'T':
		return itanium_template_parameter(p);
	case 'f':
		if (next == 'p' ||
		    (next == 'L' && itanium_peek(p, 2) >= '0' && itanium_peek(p, 2) <= '9'))
			return function_parameter(p);
		return fold(p);
	case 'r':
		if (next == 'q' || next == 'Q')
			return requires_expression(p);
		break;
	default:
		break;
	}
	itanium_takes(p, "gs");
	if (itanium_takes(p, "sp"))
		return itanium_expand(p, itanium_expression);
	if (itanium_takes(p, "tr"))
		return TEXT("throw");
	if (itanium_takes(p, "dt")) {
		text = itanium_expression(p);
		member = unresolved_name(p);
		return itanium_join(p, "%.%", text, member);
	}
	if (take_simple_form(p, &text) || take_conversion(p, &text) || take_rare(p, &text))
		return text;
	return by_operator(p);
}

struct text itanium_expression(struct itanium *p)
{
	struct text text;

	if (!itanium_enter(p))
		return TEXT("");
	text = expression_here(p);
	itanium_leave(p);
	return text;
}
