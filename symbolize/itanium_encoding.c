/* SPDX-License-Identifier: MIT */
/* <encoding> and <special-name>: Itanium C++ ABI 5.1.1 and 5.1.4. */
#include "symbolize/itanium_name.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "symbolize/itanium_parser.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MAX_MANGLED ((size_t)64 << 10)

static const struct {
	char code[4];
	bool of_type;
	const char *format;
} special_names[] = {
	{"TV", true, "vtable for %"},
	{"TT", true, "VTT for %"},
	{"TI", true, "typeinfo for %"},
	{"TS", true, "typeinfo name for %"},
	{"TA", true, "template parameter object for %"},
	{"TW", false, "TLS wrapper function for %"},
	{"TH", false, "TLS init function for %"},
	{"GV", false, "guard variable for %"},
	{"GI", false, "initializer for module %"},
};

/* h <number> _, v <number> _ <number> _ */
static void skip_call_offset(struct itanium *p)
{
	bool is_virtual = itanium_takes(p, "v");
	struct text number;

	if (!is_virtual && !itanium_takes(p, "h"))
		itanium_fail(p);
	for (int i = 0; i <= is_virtual; i++) {
		itanium_number(p, &number);
		if (!itanium_takes(p, "_"))
			itanium_fail(p);
	}
}

static bool take_thunk(struct itanium *p, struct text *ret_text)
{
	bool is_virtual = itanium_looks_at(p, "Tv");

	if (itanium_takes(p, "Tc")) {
		skip_call_offset(p);
		skip_call_offset(p);
		*ret_text = itanium_join(p, "covariant return thunk to %",
					 itanium_encoding(p, true));
		return true;
	}
	if (!is_virtual && !itanium_looks_at(p, "Th"))
		return false;
	p->at++;
	skip_call_offset(p);
	*ret_text = itanium_join(p, is_virtual ? "virtual thunk to %" : "non-virtual thunk to %",
				 itanium_encoding(p, true));
	return true;
}

/* Another function's clone or alias. */
static bool take_other_function(struct itanium *p, struct text *ret_text)
{
	const char *format;

	if (itanium_takes(p, "GTt"))
		format = "transaction clone for %";
	else if (itanium_takes(p, "GTn"))
		format = "non-transaction clone for %";
	else if (itanium_takes(p, "GA"))
		format = "hidden alias for %";
	else
		return false;
	*ret_text = itanium_join(p, format, itanium_encoding(p, true));
	return true;
}

static bool take_special_name(struct itanium *p, struct text *ret_text)
{
	struct name_info info = {0};

	for (size_t i = 0; i < sizeof(special_names) / sizeof(special_names[0]); i++) {
		if (!itanium_takes(p, special_names[i].code))
			continue;
		*ret_text = itanium_join(p, special_names[i].format,
					 special_names[i].of_type ? itanium_type_flat(p)
								  : itanium_read_name(p, &info));
		return true;
	}
	if (take_thunk(p, ret_text) || take_other_function(p, ret_text))
		return true;
	if (itanium_takes(p, "GR")) {
		size_t index;
		struct text name = itanium_read_name(p, &info);

		if (!itanium_index(p, 36, &index))
			itanium_fail(p);
		*ret_text = itanium_join(p, "reference temporary for %", name);
		return true;
	}
	if (itanium_takes(p, "TC")) {
		struct text derived = itanium_type_flat(p), number;

		itanium_number(p, &number);
		if (!itanium_takes(p, "_"))
			itanium_fail(p);
		*ret_text = itanium_join(p, "construction vtable for %-in-%", itanium_type_flat(p),
					 derived);
		return true;
	}
	return false;
}

static bool at_end_of_types(const struct itanium *p, char stop)
{
	char c = itanium_peek(p, 0);

	return p->failed || c == '\0' || c == 'E' || c == '.' || (stop && c == stop) ||
	       /* R, O and E behind a function type's parameters */
	       ((c == 'R' || c == 'O') && itanium_peek(p, 1) == 'E');
}

struct text itanium_parameters(struct itanium *p, char stop)
{
	struct text all = TEXT("");

	if (itanium_takes(p, "v"))
		return TEXT("()");
	while (!at_end_of_types(p, stop)) {
		struct text one = itanium_type_flat(p);

		if (one.len)
			all = all.len ? itanium_join(p, "%, %", all, one) : one;
	}
	return itanium_join(p, "(%)", all);
}

static struct text function(struct itanium *p, struct text name, const struct name_info *info,
			    bool parameters)
{
	struct type_text result = {.left = TEXT(""), .right = TEXT("")};
	struct text list;

	/* Ua9enable_ifI <conditions> E */
	if (itanium_takes(p, "Ua9enable_if"))
		itanium_template_arguments(p);
	if (info->has_arguments && !info->is_special)
		result = itanium_type(p);
	list = itanium_parameters(p, 'Q');
	if (itanium_takes(p, "Q"))
		itanium_expression(p);
	if (!parameters)
		return name;
	return itanium_join(p, result.left.len ? "% %%%%" : "%%%%%", result.left, name, list,
			    info->qualifiers, result.right);
}

static struct text encoding_here(struct itanium *p, bool parameters)
{
	struct name_info info = {.qualifiers = TEXT("")};
	struct text name = TEXT("");

	p->tags_arguments = true;
	if (take_special_name(p, &name))
		return name;
	name = itanium_read_name(p, &info);
	p->tags_arguments = false;
	return at_end_of_types(p, '\0') ? name : function(p, name, &info, parameters);
}

struct text itanium_encoding(struct itanium *p, bool parameters)
{
	/* What T_ means inside is no business of the name around it. */
	struct itanium outer = *p;
	struct text name;

	if (!itanium_enter(p))
		return TEXT("");
	p->arguments = NULL;
	p->nr_arguments = p->cap_arguments = 0;
	name = encoding_here(p, parameters);
	itanium_forget_arguments(p);
	free(p->arguments);
	p->arguments = outer.arguments;
	p->nr_arguments = outer.nr_arguments;
	p->cap_arguments = outer.cap_arguments;
	p->tags_arguments = outer.tags_arguments;
	itanium_leave(p);
	return name;
}

static void release(struct itanium *p)
{
	itanium_free_text(p);
	free(p->substitutions);
}

char *itanium_name(const char *mangled, bool parameters)
{
	size_t len = strlen(mangled);
	struct itanium p = {
		.at = mangled + 2,
		.end = mangled + len,
		.pack_at = SIZE_MAX,
		.pack_size = SIZE_MAX,
	};
	struct text name;
	char *copy = NULL;

	if (len > MAX_MANGLED || strncmp(mangled, "_Z", 2) != 0)
		return NULL;
	name = itanium_encoding(&p, parameters);
	/* ".cold" and the like: as libiberty tells of them */
	if (!p.failed && p.at < p.end && *p.at == '.' && parameters)
		name = itanium_join(&p, "% [clone %]", name,
				    ((struct text){p.at, (size_t)(p.end - p.at)}));
	if (!p.failed && name.len && (p.at == p.end || *p.at == '.'))
		copy = xstrndup(name.at, name.len);
	release(&p);
	return copy;
}
