/* SPDX-License-Identifier: MIT */
#include "flamegraph/folded_line.h"

#include <ctype.h>
#include <string.h>

#define SUFFIX_BYTES 4

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r';
}

static size_t trim_end(const char *text, size_t len)
{
	while (len && is_blank(text[len - 1]))
		len--;
	return len;
}

/* Decimal digits, perhaps with a fraction, which is rounded. */
static bool parse_count(const char *text, size_t len, struct folded_line *line, uint64_t *ret_count)
{
	uint64_t count = 0;
	size_t i;

	for (i = 0; i < len && isdigit((unsigned char)text[i]); i++) {
		if (__builtin_mul_overflow(count, 10, &count) ||
		    __builtin_add_overflow(count, (uint64_t)(text[i] - '0'), &count))
			return false;
	}
	if (!i || count > INT64_MAX)
		return false;
	if (i < len && text[i] == '.') {
		i++;
		count += i < len && text[i] >= '5' && text[i] <= '9';
		for (; i < len && isdigit((unsigned char)text[i]); i++)
			line->rounded |= text[i] != '0';
	}
	*ret_count = count;
	return i == len;
}

/* The count at the end of the first *len bytes, which it is then cut off. */
static bool take_count(const char *text, size_t *len, struct folded_line *line, uint64_t *ret_count)
{
	size_t end = trim_end(text, *len);
	size_t start = end;

	while (start && !is_blank(text[start - 1]))
		start--;
	if (!start || !parse_count(text + start, end - start, line, ret_count))
		return false;
	*len = trim_end(text, start);
	return *len > 0;
}

bool folded_line_split(const char *text, size_t len, bool two_counts, struct folded_line *ret_line)
{
	size_t start = 0;

	*ret_line = (struct folded_line){0};
	len = trim_end(text, len);
	while (start < len && is_blank(text[start]))
		start++;
	if (start == len || (text[start] == '#' && (start + 1 == len || text[start + 1] == ' '))) {
		ret_line->is_blank = true;
		return false;
	}
	if (!take_count(text, &len, ret_line, &ret_line->count) || len <= start)
		return false;
	if (two_counts && (!take_count(text, &len, ret_line, &ret_line->before) || len <= start))
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
	while (is_blank(*name)) {
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
