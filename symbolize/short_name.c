/* SPDX-License-Identifier: MIT */
#include "symbolize/short_name.h"

#include "common/alloc.h"
#include "common/cleanup.h"

#include <ctype.h>
#include <string.h>

#define MAX_DEPTH	 512
#define MAX_TRACKED_ARGS 16 /* arguments a default may be dropped after */

struct shortener {
	const char *in;
	size_t pos;
	size_t len;
	char *out; /* never longer than the input */
	size_t nr;
	size_t name_start;   /* in @out: behind a return type */
	size_t operator_end; /* in @out: behind the last operator's symbol */
	unsigned int depth;
	bool collapse;
	bool failed;
};

static void copy_sequence(struct shortener *s, char close);

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$';
}

static bool at_text(const struct shortener *s, const char *text)
{
	size_t len = strlen(text);

	return s->len - s->pos >= len && memcmp(s->in + s->pos, text, len) == 0;
}

static bool out_ends_with(const struct shortener *s, const char *text)
{
	size_t len = strlen(text);

	return s->nr >= len && memcmp(s->out + s->nr - len, text, len) == 0;
}

static void put(struct shortener *s, char c)
{
	s->out[s->nr++] = c;
}

static void copy(struct shortener *s, size_t len)
{
	memcpy(s->out + s->nr, s->in + s->pos, len);
	s->nr += len;
	s->pos += len;
}

static bool starts_with_any(const char *text, size_t len, const char *const *prefixes)
{
	for (; *prefixes; prefixes++) {
		size_t prefix_len = strlen(*prefixes);

		if (len >= prefix_len && memcmp(text, *prefixes, prefix_len) == 0)
			return true;
	}
	return false;
}

/* Arguments nobody writes down, when they come last and are not the only one. */
static bool is_default_argument(const char *text, size_t len)
{
	static const char *const prefixes[] = {
		"std::allocator<", "std::char_traits<",	   "std::less<", "std::hash<",
		"std::equal_to<",  "std::default_delete<", NULL};

	return starts_with_any(text, len, prefixes);
}

/* The library's own short spelling of what was just written. */
static void use_alias(struct shortener *s)
{
	static const char *const aliases[][2] = {
		{"std::basic_string<char>", "std::string"},
		{"std::basic_string<wchar_t>", "std::wstring"},
		{"std::basic_string<char8_t>", "std::u8string"},
		{"std::basic_string<char16_t>", "std::u16string"},
		{"std::basic_string<char32_t>", "std::u32string"},
		{"std::basic_string_view<char>", "std::string_view"},
		{"std::basic_string_view<wchar_t>", "std::wstring_view"},
		{"std::basic_ostream<char>", "std::ostream"},
		{"std::basic_istream<char>", "std::istream"},
		{"std::basic_iostream<char>", "std::iostream"},
		{"std::basic_ios<char>", "std::ios"},
		{"std::basic_streambuf<char>", "std::streambuf"},
		{"std::basic_filebuf<char>", "std::filebuf"},
		{"std::basic_ifstream<char>", "std::ifstream"},
		{"std::basic_ofstream<char>", "std::ofstream"},
		{"std::basic_fstream<char>", "std::fstream"},
		{"std::basic_stringbuf<char>", "std::stringbuf"},
		{"std::basic_ostringstream<char>", "std::ostringstream"},
		{"std::basic_istringstream<char>", "std::istringstream"},
		{"std::basic_stringstream<char>", "std::stringstream"},
	};

	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (!out_ends_with(s, aliases[i][0]))
			continue;
		s->nr -= strlen(aliases[i][0]);
		memcpy(s->out + s->nr, aliases[i][1], strlen(aliases[i][1]));
		s->nr += strlen(aliases[i][1]);
		return;
	}
}

static void copy_template_arguments(struct shortener *s)
{
	size_t starts[MAX_TRACKED_ARGS]; /* in @out, behind "<" or "," */
	size_t open = s->nr, nr_args = 0;
	bool is_template = open > 0 && (is_word(s->out[open - 1]) || s->operator_end == open);

	put(s, '<');
	s->pos++;
	starts[nr_args++] = s->nr;
	for (;;) {
		copy_sequence(s, '>');
		if (s->failed || s->pos >= s->len) {
			s->failed = true;
			return;
		}
		if (s->in[s->pos] == '>')
			break;
		copy(s, 1);
		if (nr_args < MAX_TRACKED_ARGS)
			starts[nr_args] = s->nr;
		nr_args++;
	}
	s->pos++;
	if (s->nr > open && s->out[s->nr - 1] == ' ')
		s->nr--;
	while (is_template && nr_args > 1 && nr_args <= MAX_TRACKED_ARGS) {
		size_t start = starts[nr_args - 1];

		while (start < s->nr && s->out[start] == ' ')
			start++;
		if (!is_default_argument(s->out + start, s->nr - start))
			break;
		s->nr = starts[--nr_args] - 1;
	}
	put(s, '>');
	use_alias(s);
	if (s->collapse && is_template && s->out[s->nr - 1] == '>') {
		s->nr = open;
		put(s, '<');
		put(s, '>');
	}
}

/* What may follow a parameter list; returns the position behind it. */
static size_t skip_qualifiers(const struct shortener *s)
{
	static const char *const qualifiers[] = {" const", " volatile", " noexcept", " &&",
						 " &",	   "&&",	"&"};
	struct shortener look = *s;
	bool again = true;

	while (again) {
		again = false;
		for (size_t i = 0; i < sizeof(qualifiers) / sizeof(qualifiers[0]); i++) {
			if (!at_text(&look, qualifiers[i]))
				continue;
			look.pos += strlen(qualifiers[i]);
			again = true;
			break;
		}
	}
	return look.pos;
}

/* A parenthesis outside of any other bracket: dropped if it is a parameter list. */
static void copy_or_drop_parameters(struct shortener *s)
{
	static const char anonymous[] = "(anonymous namespace)";
	size_t open = s->nr;
	size_t after;

	if (at_text(s, anonymous)) {
		copy(s, strlen(anonymous));
		return;
	}
	copy(s, 1);
	copy_sequence(s, ')');
	if (s->failed || s->pos >= s->len) {
		s->failed = true;
		return;
	}
	copy(s, 1);
	after = skip_qualifiers(s);
	if (open == 0)
		return;
	if (after == s->len) {
		s->nr = open;
		s->pos = after;
	} else if (s->len - after > 2 && memcmp(s->in + after, "::", 2) == 0) {
		/* The enclosing function of a local name, printed with its return type. */
		memmove(s->out, s->out + s->name_start, open - s->name_start);
		s->nr = open - s->name_start;
		s->name_start = 0;
		s->pos = after;
	}
}

static bool at_operator(const struct shortener *s)
{
	return at_text(s, "operator") && (s->pos == 0 || !is_word(s->in[s->pos - 1])) &&
	       s->pos + 8 < s->len && !is_word(s->in[s->pos + 8]);
}

/* "operator" and its symbol, which is no bracket. */
static void copy_operator(struct shortener *s)
{
	static const char *const symbols[] = {"<<=", ">>=", "<=>", "->*", "()", "[]", "<<",
					      ">>",  "<=",  ">=",  "==",  "!=", "&&", "||",
					      "++",  "--",  "+=",  "-=",  "*=", "/=", "%=",
					      "^=",  "&=",  "|=",  "->",  "<",	">",  "=",
					      "!",   "~",   "+",   "-",	  "*",	"/",  "%",
					      "^",   "&",   "|",   ",",	  " ",	"\""};

	copy(s, 8);
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		if (at_text(s, symbols[i])) {
			copy(s, strlen(symbols[i]));
			break;
		}
	}
	/* "operator< <int>" */
	if (s->pos + 1 < s->len && s->in[s->pos] == ' ' && s->in[s->pos + 1] == '<')
		copy(s, 1);
	s->operator_end = s->nr;
}

/* Steps over what is dropped wherever it stands: ABI tags and inline namespaces. */
static bool skip_noise(struct shortener *s)
{
	static const char *const namespaces[] = {"::__cxx11::", "::__1::", "::__ndk1::", "::_V2::"};

	if (at_text(s, "[abi:")) {
		const char *end = memchr(s->in + s->pos, ']', s->len - s->pos);

		if (!end)
			return false;
		s->pos = (size_t)(end - s->in) + 1;
		return true;
	}
	for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++) {
		if (at_text(s, namespaces[i])) {
			s->pos += strlen(namespaces[i]) - 2;
			return true;
		}
	}
	return false;
}

/* In parentheses '<' may be "less than", which libiberty writes behind ")" only. */
static bool opens_template(const struct shortener *s, char close)
{
	char before = s->pos ? s->in[s->pos - 1] : '\0';

	return close != ')' || (before != ')' && before != ' ' && before != '<');
}

/* One character or bracket. */
static void copy_one(struct shortener *s, char close)
{
	char c = s->in[s->pos];

	if (c == '<' && opens_template(s, close)) {
		copy_template_arguments(s);
	} else if (c == '(' && close == '\0') {
		copy_or_drop_parameters(s);
	} else if (c == '(' || c == '{') {
		copy(s, 1);
		copy_sequence(s, c == '(' ? ')' : '}');
		if (s->pos < s->len)
			copy(s, 1);
		else
			s->failed = true;
	} else if (c == ' ' && close == '\0') {
		copy(s, 1);
		if (!out_ends_with(s, "operator "))
			s->name_start = s->nr;
	} else {
		copy(s, 1);
	}
}

/*
 * Copies up to the closing bracket @close, which stays unread ('\0': to the end).  In template
 * arguments a comma ends the sequence as well.
 */
static void copy_sequence(struct shortener *s, char close)
{
	if (++s->depth > MAX_DEPTH)
		s->failed = true;
	while (!s->failed && s->pos < s->len) {
		char c = s->in[s->pos];

		if (close != '\0' && c == close &&
		    !(c == '>' && s->pos && s->in[s->pos - 1] == '-'))
			break;
		if (close == '>' && c == ',')
			break;
		if (skip_noise(s))
			continue;
		if (c == 'o' && at_operator(s))
			copy_operator(s);
		else
			copy_one(s, close);
	}
	s->depth--;
}

char *short_name_cplus(const char *name, bool collapse)
{
	struct shortener s = {.in = name, .len = strlen(name), .collapse = collapse};
	_cleanup_free_ char *out = xmalloc(s.len + 2);

	s.out = out;
	copy_sequence(&s, '\0');
	if (s.failed || s.nr == 0)
		return xstrdup(name);
	out[s.nr] = '\0';
	return TAKE_PTR(out);
}
