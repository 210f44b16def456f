/* SPDX-License-Identifier: MIT */
/* What the parts of the Itanium demangler share.  Private to itanium_*.c. */
#ifndef CTRACE_SYMBOLIZE_ITANIUM_PARSER_H
#define CTRACE_SYMBOLIZE_ITANIUM_PARSER_H

#include <stdbool.h>
#include <stddef.h>

#define ITANIUM_MAX_DEPTH 256		    /* of nested productions */
#define ITANIUM_MAX_TEXT  ((size_t)4 << 20) /* bytes of all texts made on the way */
#define ITANIUM_MAX_STEPS 400000	    /* productions tried: packs are read again and again */

struct text {
	const char *at;
	size_t len;
};

#define TEXT(literal) ((struct text){(literal), sizeof(literal) - 1})

/* A type around the place of what it declares: "void (*" and ")(int)". */
struct type_text {
	struct text left, right;
	bool is_function, is_array; /* a pointer to it needs parentheses */
};

/* An argument of a template, or a list of them that a pack stands for. */
struct argument {
	struct text text;
	struct text *pack; /* its elements; NULL: no pack */
	size_t nr_pack;
};

struct text_chunk;

struct itanium {
	const char *at, *end;
	struct text_chunk *chunks;
	size_t nr_text; /* bytes in chunks */
	size_t nr_steps;
	unsigned int depth;
	bool failed;
	/* substitution candidates */
	struct type_text *substitutions;
	size_t nr_substitutions, cap_substitutions;
	/* arguments T_, T0_ ... stand for */
	struct argument *arguments;
	size_t nr_arguments, cap_arguments;
	bool tags_arguments;	   /* template arguments read now become those T_ means */
	bool in_conversion;	   /* its type: arguments behind it are the operator's own */
	bool in_lambda_parameters; /* T_ is "auto" */
	size_t pack_at;		   /* element of packs that is wanted; SIZE_MAX: all */
	size_t pack_size;	   /* of the packs met; SIZE_MAX: none */
};

/* What a <name> tells about the function it names. */
struct name_info {
	struct text qualifiers; /* " const&" behind the parameters */
	bool has_arguments;	/* ends with template arguments: a return type is encoded */
	bool is_special;	/* constructor, destructor or conversion: no return type */
	bool has_explicit_object;
};

/* ---- itanium_text.c ---- */

/* Each % of @format is the next struct text. */
struct text itanium_join(struct itanium *p, const char *format, ...);
void itanium_free_text(struct itanium *p);
void itanium_forget_arguments(struct itanium *p);
struct text itanium_flat(struct itanium *p, const struct type_text *type);
void itanium_fail(struct itanium *p);
bool itanium_enter(struct itanium *p); /* false: too deep, or failed before */
void itanium_leave(struct itanium *p);
/* The next bytes: is it @literal, and then over it. */
bool itanium_looks_at(const struct itanium *p, const char *literal);
bool itanium_takes(struct itanium *p, const char *literal);
char itanium_peek(const struct itanium *p, size_t ahead); /* '\0' at the end */
bool itanium_number(struct itanium *p, struct text *ret_digits);
/* "_" is 0, "N_" is N + 1 (in base @base). */
bool itanium_index(struct itanium *p, unsigned int base, size_t *ret_index);
void itanium_add_substitution(struct itanium *p, const struct type_text *type);

/* ---- itanium_encoding.c ---- */
struct text itanium_encoding(struct itanium *p, bool parameters);
/* Types up to 'E', the end or @stop, as "(int, char)". */
struct text itanium_parameters(struct itanium *p, char stop);

/* ---- itanium_nested.c ---- */
struct text itanium_read_name(struct itanium *p, struct name_info *info);
struct text itanium_source_name(struct itanium *p);
struct text itanium_unqualified_name(struct itanium *p, struct text scope, struct name_info *info);
struct text itanium_template_arguments(struct itanium *p);

/* ---- itanium_type.c ---- */
struct type_text itanium_type(struct itanium *p);
struct text itanium_type_flat(struct itanium *p);
struct type_text itanium_substitution(struct itanium *p);
struct text itanium_template_parameter(struct itanium *p);
struct text itanium_decltype(struct itanium *p);
/* r, V, K: " const" */
struct text itanium_qualifiers(struct itanium *p);
/* A pack expansion: what @read makes of each element, separated by commas. */
struct text itanium_expand(struct itanium *p, struct text (*read)(struct itanium *p));

/* ---- itanium_expression.c ---- */
struct text itanium_expression(struct itanium *p);
struct text itanium_literal(struct itanium *p);
/* "Ty", "Tn int", "Tk Concept" ...: skipped, true if there was one. */
bool itanium_parameter_declaration(struct itanium *p);

/* ---- itanium_operators.c ---- */
struct itanium_operator {
	char code[3];
	char form; /* of an expression: 'p'refix, 'b'inary, p'o'stfix, 's'pecial */
	const char *symbol;
};

/* The operator at p->at, or NULL; goes behind it. */
const struct itanium_operator *itanium_take_operator(struct itanium *p);

#endif
