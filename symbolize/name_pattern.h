/* SPDX-License-Identifier: MIT */
/*
 * Does a function's symbol have the name somebody typed?  By its raw name or a demangled one, as
 * ctrace prints it or in full, exactly or by a glob.  A glob without brackets is not about what
 * stands in the brackets of a name: "*lambda*" means lambdas, not templates that were given one;
 * and one that does not begin with '_' is not about mangled names.  Knows names, not where they
 * stand.
 */
#ifndef CTRACE_SYMBOLIZE_NAME_PATTERN_H
#define CTRACE_SYMBOLIZE_NAME_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

enum name_verdict {
	NAME_DIFFERS,
	NAME_MATCHES, /* by glob */
	NAME_EQUALS,  /* in every character: what was typed means this, not what a glob matches */
};

struct name_pattern {
	const char *text; /* borrowed */
	bool is_glob;
	bool is_all;	     /* a glob that everything matches */
	bool says_arguments; /* it has brackets, so those of names are compared */
	bool keep_parts;
	const char *literal; /* what a mangled name has to contain to be worth demangling */
	size_t literal_len;
	const char *hint; /* how the mangling says @literal, or NULL */
};

/*
 * @keep_parts: take the pieces that compilers cut off a function (foo.cold, foo.part.0) as
 * functions too.  Otherwise only their own names mean them, for they are no calls of it.
 */
void name_pattern_init(struct name_pattern *pattern, const char *text, bool keep_parts);
enum name_verdict name_pattern_judge(const struct name_pattern *pattern, const char *raw);

/* Is @raw a piece of a function that was cut off it? */
bool name_is_part(const char *raw);

#endif
