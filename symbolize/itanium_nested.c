/* SPDX-License-Identifier: MIT */
/* <name>: Itanium C++ ABI 5.1.2 and 5.1.3. */
#include "common/alloc.h"
#include "symbolize/itanium_parser.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct type_text as_type(struct text text)
{
	return (struct type_text){.left = text, .right = TEXT("")};
}

struct text itanium_source_name(struct itanium *p)
{
	static const char anonymous[] = "_GLOBAL__N";
	struct text name;
	size_t len = 0;

	while (p->at < p->end && *p->at >= '0' && *p->at <= '9' && len < SIZE_MAX / 100)
		len = len * 10 + (size_t)(*p->at++ - '0');
	if (!len || len > (size_t)(p->end - p->at)) {
		itanium_fail(p);
		return TEXT("");
	}
	name = (struct text){p->at, len};
	p->at += len;
	if (len >= strlen(anonymous) && memcmp(name.at, anonymous, strlen(anonymous)) == 0)
		return TEXT("(anonymous namespace)");
	return name;
}

/* B <source-name>: dropped from names as from everything short. */
static struct text abi_tags(struct itanium *p, struct text name)
{
	while (!p->failed && itanium_takes(p, "B"))
		name = itanium_join(p, "%[abi:%]", name, itanium_source_name(p));
	return name;
}

/* The last component of @scope, without template arguments: what constructors are called. */
static struct text last_component(struct text scope)
{
	size_t depth = 0, end = scope.len, at = scope.len;

	while (at) {
		char c = scope.at[at - 1];

		if (c == '>' || c == ')' || c == ']' || c == '}')
			depth++;
		else if ((c == '<' || c == '(' || c == '[' || c == '{') && depth && --depth == 0 &&
			 c != '{' && c != '(')
			end = at - 1;
		else if (c == ':' && !depth)
			break;
		at--;
	}
	return (struct text){scope.at + at, end > at ? end - at : 0};
}

static struct text constructor(struct itanium *p, struct text scope, struct name_info *info)
{
	bool is_destructor = *p->at++ == 'D';
	bool inherits = !is_destructor && itanium_takes(p, "I");
	char kind = itanium_peek(p, 0);

	if (!kind || !strchr("0123459", kind))
		itanium_fail(p);
	else
		p->at++;
	if (inherits)
		itanium_type(p);
	info->is_special = true;
	return itanium_join(p, is_destructor ? "~%" : "%", last_component(scope));
}

static struct text decimal(struct itanium *p, size_t number)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%zu", number);

	return itanium_join(p, "%", ((struct text){digits, (size_t)len}));
}

/* Ul [declarations] [Q constraint] <parameters> [Q constraint] E [number] _ */
static struct text lambda(struct itanium *p)
{
	bool outer = p->in_lambda_parameters;
	struct text parameters;
	size_t index;

	p->in_lambda_parameters = true;
	while (itanium_parameter_declaration(p))
		;
	if (itanium_takes(p, "Q"))
		itanium_expression(p);
	parameters = itanium_parameters(p, 'Q');
	if (itanium_takes(p, "Q"))
		itanium_expression(p);
	p->in_lambda_parameters = outer;
	if (!itanium_takes(p, "E") || !itanium_index(p, 10, &index)) {
		itanium_fail(p);
		return TEXT("");
	}
	return itanium_join(p, "{lambda%#%}", parameters, decimal(p, index + 1));
}

static struct text unnamed(struct itanium *p)
{
	size_t index;

	if (itanium_takes(p, "Ul"))
		return lambda(p);
	if (itanium_takes(p, "Ub"))
		return itanium_index(p, 10, &index) ? TEXT("{block}") : (itanium_fail(p), TEXT(""));
	if (!itanium_takes(p, "Ut") || !itanium_index(p, 10, &index)) {
		itanium_fail(p);
		return TEXT("");
	}
	return itanium_join(p, "{unnamed type#%}", decimal(p, index + 1));
}

/* DC <source-name>+ E */
static struct text structured_binding(struct itanium *p)
{
	struct text names = itanium_source_name(p);

	while (!p->failed && !itanium_takes(p, "E"))
		names = itanium_join(p, "%, %", names, itanium_source_name(p));
	return itanium_join(p, "[%]", names);
}

/*
 * cv <type>: the type may use arguments that come behind it, so it is read again with them.
 * Leaves p->at behind the arguments, which is where they are read for good.
 */
static struct text conversion(struct itanium *p, struct name_info *info)
{
	const char *start = p->at;
	size_t nr_before = p->nr_substitutions, nr_after;
	bool tags = p->tags_arguments;
	struct text type;

	info->is_special = true;
	p->tags_arguments = false;
	p->in_conversion = true;
	type = itanium_type_flat(p);
	p->in_conversion = false;
	p->tags_arguments = tags;
	nr_after = p->nr_substitutions;
	if (itanium_peek(p, 0) == 'I' && tags && !p->failed) {
		const char *arguments = p->at;

		itanium_template_arguments(p);
		if (p->failed)
			return TEXT("");
		p->at = start;
		p->nr_substitutions = nr_before;
		p->tags_arguments = false;
		p->in_conversion = true;
		type = itanium_type_flat(p);
		p->in_conversion = false;
		p->tags_arguments = tags;
		p->nr_substitutions = nr_after;
		p->at = arguments;
	}
	return itanium_join(p, "operator %", type);
}

static struct text operator_name(struct itanium *p, struct name_info *info)
{
	const struct itanium_operator *operator;

	if (itanium_takes(p, "cv"))
		return conversion(p, info);
	if (itanium_takes(p, "li"))
		return itanium_join(p, "operator\"\" %", itanium_source_name(p));
	if (itanium_peek(p, 0) == 'v' && itanium_peek(p, 1) >= '0' && itanium_peek(p, 1) <= '9') {
		p->at += 2;
		return itanium_join(p, "operator %", itanium_source_name(p));
	}
	operator= itanium_take_operator(p);
	if (!operator) {
		itanium_fail(p);
		return TEXT("");
	}
	return itanium_join(p,
			    operator->symbol[0] >= 'a' && operator->symbol[0] <= 'z' ? "operator %"
										     : "operator%",
			    ((struct text){operator->symbol, strcspn(operator->symbol, " ")}));
}

struct text itanium_unqualified_name(struct itanium *p, struct text scope, struct name_info *info)
{
	char c;
	struct text name;

	/* W [P] <source-name>: the module that owns it. */
	while (itanium_takes(p, "W")) {
		itanium_takes(p, "P");
		itanium_source_name(p);
	}
	itanium_takes(p, "F");
	itanium_takes(p, "L");
	c = itanium_peek(p, 0);
	if (c >= '0' && c <= '9')
		name = itanium_source_name(p);
	else if (c == 'U')
		name = unnamed(p);
	else if (itanium_takes(p, "DC"))
		name = structured_binding(p);
	else if ((c == 'C' || c == 'D') && scope.len)
		name = constructor(p, scope, info);
	else
		name = operator_name(p, info);
	return abi_tags(p, name);
}

/* ---- template arguments ---- */

static struct text argument_value(struct itanium *p)
{
	struct text text;

	while (itanium_peek(p, 0) == 'T' && itanium_parameter_declaration(p))
		;
	switch (itanium_peek(p, 0)) {
	case 'X':
		p->at++;
		text = itanium_expression(p);
		if (!itanium_takes(p, "E"))
			itanium_fail(p);
		return text;
	case 'L':
		return itanium_literal(p);
	default:
		return itanium_type_flat(p);
	}
}

static struct argument read_argument(struct itanium *p)
{
	struct argument argument = {.text = TEXT("")};
	size_t cap = 0;

	while (itanium_peek(p, 0) == 'T' && itanium_parameter_declaration(p))
		;
	if (!itanium_takes(p, "J")) {
		argument.text = argument_value(p);
		return argument;
	}
	/* Never NULL: an empty pack is one too. */
	GROW_ARRAY(argument.pack, argument.nr_pack, cap);
	while (!p->failed && !itanium_takes(p, "E")) {
		struct text one = argument_value(p);

		GROW_ARRAY(argument.pack, argument.nr_pack, cap);
		argument.pack[argument.nr_pack] = one;
		argument.text = argument.nr_pack++ ? itanium_join(p, "%, %", argument.text, one)
						   : one;
	}
	return argument;
}

/* What T_ and the like stand for from now on, those read later in the same list too. */
static void tag_argument(struct itanium *p, const struct argument *argument)
{
	GROW_ARRAY(p->arguments, p->nr_arguments, p->cap_arguments);
	p->arguments[p->nr_arguments++] = *argument;
}

struct text itanium_template_arguments(struct itanium *p)
{
	bool tags = p->tags_arguments, in_conversion = p->in_conversion;
	struct text all = TEXT("");

	if (!itanium_enter(p))
		return all;
	itanium_takes(p, "I");
	if (tags)
		itanium_forget_arguments(p);
	p->tags_arguments = false;
	p->in_conversion = false;
	while (!p->failed && !itanium_takes(p, "E")) {
		struct argument argument;

		if (itanium_takes(p, "Q")) {
			itanium_expression(p);
			continue;
		}
		argument = read_argument(p);
		if (argument.text.len)
			all = all.len ? itanium_join(p, "%, %", all, argument.text) : argument.text;
		if (tags)
			tag_argument(p, &argument);
		else
			free(argument.pack);
	}
	p->tags_arguments = tags;
	p->in_conversion = in_conversion;
	itanium_leave(p);
	return itanium_join(p, all.len && all.at[all.len - 1] == '>' ? "<% >" : "<%>", all);
}

/* ---- nested and local names ---- */

/* One component of a nested name behind @scope; sets @ret_continues where it is all of it. */
static struct text component(struct itanium *p, struct text scope, struct name_info *info)
{
	char c = itanium_peek(p, 0), next = itanium_peek(p, 1);

	info->has_arguments = false;
	if (c == 'I' && scope.len) {
		info->has_arguments = true;
		return itanium_join(p, "%%", scope, itanium_template_arguments(p));
	}
	if (c == 'S' && next == 't' && !scope.len) {
		p->at += 2;
		return TEXT("std");
	}
	if (c == 'S' && !scope.len) {
		struct type_text type = itanium_substitution(p);

		return itanium_flat(p, &type);
	}
	if (c == 'T' && !scope.len)
		return itanium_template_parameter(p);
	if (c == 'D' && (next == 't' || next == 'T') && !scope.len)
		return itanium_decltype(p);
	info->is_special = false;
	if (!scope.len)
		return itanium_unqualified_name(p, scope, info);
	return itanium_join(p, "%::%", scope, itanium_unqualified_name(p, scope, info));
}

/* N [qualifiers] [R|O] <components> E */
static struct text nested_name(struct itanium *p, struct name_info *info)
{
	struct text name = TEXT(""), qualifiers;
	bool is_candidate = false;

	info->has_explicit_object = itanium_takes(p, "H");
	qualifiers = itanium_qualifiers(p);
	info->qualifiers = itanium_takes(p, "R")   ? itanium_join(p, "% &", qualifiers)
			   : itanium_takes(p, "O") ? itanium_join(p, "% &&", qualifiers)
						   : qualifiers;
	while (!p->failed && !itanium_takes(p, "E")) {
		bool is_known = !name.len && itanium_peek(p, 0) == 'S';
		struct type_text type;

		/* <data-member-prefix>: a lambda in a member's initializer. */
		if (itanium_takes(p, "M"))
			continue;
		name = component(p, name, info);
		if (!name.len)
			itanium_fail(p);
		is_candidate = !is_known;
		type = as_type(name);
		if (is_candidate)
			itanium_add_substitution(p, &type);
	}
	/* The whole is a candidate as a type only, and its reader adds that. */
	if (is_candidate && p->nr_substitutions)
		p->nr_substitutions--;
	return name;
}

/* Z <encoding> E (s | d [number] _ <name> | <name>) [discriminator] */
static struct text local_name(struct itanium *p, struct name_info *info)
{
	struct text scope = itanium_encoding(p, true), name;
	size_t index;

	if (!itanium_takes(p, "E"))
		itanium_fail(p);
	if (itanium_takes(p, "s")) {
		name = TEXT("string literal");
	} else {
		if (itanium_takes(p, "d") && !itanium_index(p, 10, &index))
			itanium_fail(p);
		name = itanium_read_name(p, info);
	}
	if (itanium_takes(p, "__")) {
		if (!itanium_number(p, &(struct text){0}) || !itanium_takes(p, "_"))
			itanium_fail(p);
	} else if (itanium_peek(p, 0) == '_' && itanium_peek(p, 1) >= '0' &&
		   itanium_peek(p, 1) <= '9') {
		p->at += 2;
	}
	return itanium_join(p, "%::%", scope, name);
}

/* A name in no scope but std, and its template arguments. */
static struct text unscoped_name(struct itanium *p, struct name_info *info)
{
	bool is_known = itanium_peek(p, 0) == 'S' && itanium_peek(p, 1) != 't';
	struct type_text type;
	struct text name;

	if (is_known) {
		type = itanium_substitution(p);
		name = itanium_flat(p, &type);
	} else if (itanium_takes(p, "St")) {
		name = itanium_join(p, "std::%", itanium_unqualified_name(p, TEXT("std"), info));
	} else {
		name = itanium_unqualified_name(p, TEXT(""), info);
	}
	if (itanium_peek(p, 0) != 'I')
		return name;
	if (!is_known) {
		type = as_type(name);
		itanium_add_substitution(p, &type);
	}
	info->has_arguments = true;
	return itanium_join(p, "%%", name, itanium_template_arguments(p));
}

struct text itanium_read_name(struct itanium *p, struct name_info *info)
{
	struct text name;

	if (!itanium_enter(p))
		return TEXT("");
	if (itanium_takes(p, "N"))
		name = nested_name(p, info);
	else if (itanium_takes(p, "Z"))
		name = local_name(p, info);
	else
		name = unscoped_name(p, info);
	itanium_leave(p);
	return name;
}
