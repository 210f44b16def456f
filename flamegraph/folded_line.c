/* SPDX-License-Identifier: MIT */
#include "flamegraph/folded_line.h"

#include "flamegraph/text_piece.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SUFFIX_BYTES   4
#define MAX_SCIENTIFIC 64

static size_t trim_end(const char *text, size_t len)
{
	while (len && text_is_blank(text[len - 1]))
		len--;
	return len;
}

static bool take_digits(const char **text, const char *end, uint64_t *value)
{
	for (; *text < end && isdigit((unsigned char)**text); (*text)++) {
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, (uint64_t)(**text - '0'), value))
			return false;
	}
	return true;
}

/* ".123456789" and whatever is finer than that, which is dropped. */
static uint32_t take_fraction(const char **text, const char *end)
{
	uint32_t scale = FOLDED_BILLION / 10, billionths = 0;

	if (*text == end || **text != '.')
		return 0;
	for ((*text)++; *text < end && isdigit((unsigned char)**text); (*text)++) {
		billionths += scale * (uint32_t)(**text - '0');
		scale /= 10;
	}
	return billionths;
}

/* "1.5e-05", as many scripts print small numbers. */
static bool parse_scientific(const char *text, size_t len, struct folded_count *ret_count)
{
	char copy[MAX_SCIENTIFIC], *end;
	long double value, whole;

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	value = strtold(copy, &end);
	if (*end || !(value >= 0 && value < (long double)INT64_MAX))
		return false;
	value = roundl(modfl(value, &whole) * FOLDED_BILLION);
	ret_count->whole = (uint64_t)whole + (value >= FOLDED_BILLION);
	ret_count->billionths = value >= FOLDED_BILLION ? 0 : (uint32_t)value;
	return true;
}

/* What else strtold() knows, hexadecimals and infinity, is no count. */
static bool is_exponent(const char *text, const char *end)
{
	if (*text != 'e' && *text != 'E')
		return false;
	for (text++; text < end; text++) {
		if (!isdigit((unsigned char)*text) && *text != '-' && *text != '+')
			return false;
	}
	return true;
}

static bool parse_count(const char *text, size_t len, struct folded_count *ret_count)
{
	const char *at = text, *end = text + len;
	struct folded_count count = {0};
	size_t digits;

	if (!take_digits(&at, end, &count.whole) || count.whole > INT64_MAX)
		return false;
	digits = (size_t)(at - text);
	count.billionths = take_fraction(&at, end);
	if (!digits && at - text < 2)
		return false;
	if (at == end) {
		*ret_count = count;
		return true;
	}
	return is_exponent(at, end) && parse_scientific(text, len, ret_count);
}

/* The count at the end of the first *len bytes, which it is then cut off. */
static bool take_count(const char *text, size_t *len, struct folded_count *ret_count)
{
	size_t end = trim_end(text, *len);
	size_t start = end;

	while (start && !text_is_blank(text[start - 1]))
		start--;
	if (!start || !parse_count(text + start, end - start, ret_count))
		return false;
	*len = trim_end(text, start);
	return *len > 0;
}

bool folded_line_ends_in_count(const char *text, size_t len, size_t *ret_blank)
{
	struct folded_count count;
	size_t at = len;

	if (!take_count(text, &len, &count))
		return false;
	while (!text_is_blank(text[at - 1]))
		at--;
	*ret_blank = at - 1;
	return true;
}

bool folded_line_split(const char *text, size_t len, bool two_counts, struct folded_line *ret_line)
{
	size_t start = 0;

	*ret_line = (struct folded_line){0};
	len = trim_end(text, len);
	while (start < len && text_is_blank(text[start]))
		start++;
	if (start == len || (text[start] == '#' && (start + 1 == len || text[start + 1] == ' '))) {
		ret_line->is_blank = true;
		return false;
	}
	if (!take_count(text, &len, &ret_line->count) || len <= start)
		return false;
	if (two_counts && (!take_count(text, &len, &ret_line->before) || len <= start))
		return false;
	ret_line->start = start;
	ret_line->len = len - start;
	return true;
}

/* "comm-12" or "comm-12/34". */
static bool ends_in_pid(const char *name)
{
	const char *dash = strrchr(name, '-');
	size_t digits;

	if (!dash || dash == name)
		return false;
	digits = strspn(dash + 1, "0123456789");
	if (!digits)
		return false;
	dash += 1 + digits;
	if (*dash == '/')
		dash += 1 + strspn(dash + 1, "0123456789");
	return !*dash;
}

/* "[libc.so.6]", "[prog+0x12]", "[/memfd:x (deleted)]", "[vdso]": an object, or a part of memory.
 */
static bool names_object(const char *name)
{
	static const char *const memory[] = {"[vdso]", "[vsyscall]", "[heap]", "[stack]",
					     "[kernel"};

	for (size_t i = 0; i < sizeof(memory) / sizeof(memory[0]); i++) {
		if (!strncmp(name, memory[i], strlen(memory[i])))
			return true;
	}
	return strchr(name, '/') || strstr(name, ".so") || strstr(name, "+0x");
}

/* A thread may be called "[ET_NET 0]"; in folded stacks of ours its blank is none. */
static bool is_thread_in_brackets(const char *name)
{
	size_t len = strlen(name), number = len - 1;

	if (len < 3 || name[0] != '[' || name[len - 1] != ']' || names_object(name))
		return false;
	while (number > 1 && isdigit((unsigned char)name[number - 1]))
		number--;
	return strpbrk(name, " #:") || (number < len - 1 && name[number - 1] == '_');
}

static enum frame_kind kind_by_suffix(char *name, size_t len)
{
	if (len <= SUFFIX_BYTES || memcmp(name + len - SUFFIX_BYTES, "_[", 2) ||
	    name[len - 1] != ']')
		return FRAME_KIND_USER;
	switch (name[len - 2]) {
	case 'k':
		name[len - SUFFIX_BYTES] = '\0';
		return FRAME_KIND_KERNEL;
	case 'i':
		name[len - SUFFIX_BYTES] = '\0';
		return FRAME_KIND_INLINED;
	case 'j':
		name[len - SUFFIX_BYTES] = '\0';
		return FRAME_KIND_JIT;
	default:
		return FRAME_KIND_USER;
	}
}

struct frame folded_frame(char *name, bool is_first)
{
	size_t len = trim_end(name, strlen(name));
	struct frame frame = {.name = name};

	name[len] = '\0';
	while (text_is_blank(*name)) {
		name++;
		len--;
	}
	if (!len)
		return (struct frame){.name = "[unknown]", .kind = FRAME_KIND_UNKNOWN};
	frame.name = name;
	frame.kind = (uint8_t)kind_by_suffix(name, len);
	if (frame.kind != FRAME_KIND_USER)
		return frame;
	if (!strcmp(name, "[unknown]"))
		frame.kind = FRAME_KIND_UNKNOWN;
	else if (!strcmp(name, "-") || !strcmp(name, "--") || !strcmp(name, "[truncated]") ||
		 (is_first && (ends_in_pid(name) || is_thread_in_brackets(name))))
		frame.kind = FRAME_KIND_MARK;
	else if (len > 2 && name[0] == '[' && strrchr(name, ']'))
		frame.kind = FRAME_KIND_MODULE;
	return frame;
}
