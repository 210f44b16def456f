/* SPDX-License-Identifier: MIT */
#include "flamegraph/stack_blocks.h"

#include "common/alloc.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define SNIFFED_LINES 100 /* headings come before the first stack */

struct piece {
	const char *text;
	size_t len;
};

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r';
}

static struct piece trimmed(const char *text, size_t len)
{
	while (len && is_blank(text[len - 1]))
		len--;
	while (len && is_blank(*text)) {
		text++;
		len--;
	}
	return (struct piece){text, len};
}

/* Nothing but digits, and few enough. */
static bool parse_count(struct piece piece, uint64_t *ret_count)
{
	uint64_t count = 0;

	for (size_t i = 0; i < piece.len; i++) {
		if (!isdigit((unsigned char)piece.text[i]) ||
		    __builtin_mul_overflow(count, 10, &count) ||
		    __builtin_add_overflow(count, (uint64_t)(piece.text[i] - '0'), &count))
			return false;
	}
	*ret_count = count;
	return piece.len && count <= INT64_MAX;
}

/* "f+12", "lib`f+0x1c": where in the function is not asked. */
static struct piece without_offset(struct piece piece)
{
	size_t digits = piece.len, hex_digits = piece.len, at;

	while (digits && isdigit((unsigned char)piece.text[digits - 1]))
		digits--;
	while (hex_digits && isxdigit((unsigned char)piece.text[hex_digits - 1]))
		hex_digits--;
	at = digits;
	if (hex_digits >= 2 && !memcmp(piece.text + hex_digits - 2, "0x", 2))
		at = hex_digits - 2;
	if (at >= 2 && at < piece.len && piece.text[at - 1] == '+')
		piece.len = at - 1;
	return piece;
}

/* The end of "... ]: 42", where the last bracket closes the keys of a map. */
static bool split_count(struct piece line, struct piece *ret_before, uint64_t *ret_count)
{
	size_t at = line.len;

	while (at && isdigit((unsigned char)line.text[at - 1]))
		at--;
	if (at < 3 || memcmp(line.text + at - 3, "]: ", 3) != 0)
		return false;
	*ret_before = (struct piece){line.text, at - 3};
	return parse_count((struct piece){line.text + at, line.len - at}, ret_count);
}

/* "@[" or "@name["; gives what follows. */
static bool opens_map(struct piece line, struct piece *ret_rest)
{
	const char *bracket = line.len && *line.text == '@' ? memchr(line.text, '[', line.len)
							    : NULL;

	if (!bracket)
		return false;
	bracket++;
	*ret_rest = (struct piece){bracket, line.len - (size_t)(bracket - line.text)};
	return true;
}

/* A key without a stack, "@[cat]: 5", could be a folded stack as well. */
static bool is_bpftrace(struct piece line)
{
	struct piece rest;

	return opens_map(line, &rest) && (!rest.len || rest.text[rest.len - 1] == ',');
}

enum stack_blocks_kind stack_blocks_sniff(const char *text, size_t len)
{
	bool after_frame = false;

	for (int i = 0; i < SNIFFED_LINES && len; i++) {
		const char *end = memchr(text, '\n', len);
		size_t line_len = end ? (size_t)(end - text) : len;
		struct piece line = trimmed(text, line_len);
		uint64_t count;

		if (is_bpftrace(line))
			return STACK_BLOCKS_BPFTRACE;
		if (after_frame && parse_count(line, &count))
			return STACK_BLOCKS_DTRACE;
		/* Frames stand indented, and nothing with a ';' is one. */
		after_frame = line.len && line.text > text && !memchr(text, ';', line_len);
		text += end ? line_len + 1 : line_len;
		len -= end ? line_len + 1 : line_len;
	}
	return STACK_BLOCKS_NONE;
}

void stack_blocks_init(struct stack_blocks *blocks, enum stack_blocks_kind kind)
{
	*blocks = (struct stack_blocks){.kind = kind};
}

void stack_blocks_release(struct stack_blocks *blocks)
{
	free(blocks->frames);
	free(blocks->keys);
	free(blocks->folded);
}

static void reserve(char **text, size_t *cap, size_t len)
{
	if (len <= *cap)
		return;
	*cap = len * 2;
	*text = xreallocarray(*text, *cap, 1);
}

/* What separates frames in a folded stack, and ends strings, cannot be part of a name. */
static void append(char **text, size_t *len, size_t *cap, struct piece piece)
{
	reserve(text, cap, *len + piece.len + 1);
	for (size_t i = 0; i < piece.len; i++) {
		char byte = piece.text[i];

		(*text)[(*len)++] = byte == ';' ? ':' : byte ? byte : '?';
	}
	(*text)[(*len)++] = '\0';
}

static void add_frame(struct stack_blocks *blocks, struct piece line)
{
	line = without_offset(line);
	if (line.len)
		append(&blocks->frames, &blocks->len, &blocks->cap, line);
}

static void add_keys(struct stack_blocks *blocks, struct piece list)
{
	while (list.len) {
		const char *comma = memchr(list.text, ',', list.len);
		size_t len = comma ? (size_t)(comma - list.text) : list.len;
		struct piece key = trimmed(list.text, len);

		if (key.len)
			append(&blocks->keys, &blocks->keys_len, &blocks->keys_cap, key);
		len += comma != NULL;
		list.text += len;
		list.len -= len;
	}
}

/* Frames were met leaf first. */
static size_t fold(struct stack_blocks *blocks)
{
	size_t len = blocks->keys_len;

	reserve(&blocks->folded, &blocks->folded_cap, blocks->keys_len + blocks->len + 1);
	for (size_t i = 0; i < blocks->keys_len; i++)
		blocks->folded[i] = blocks->keys[i] ? blocks->keys[i] : ';';
	for (size_t end = blocks->len; end;) {
		size_t start = end - 1;

		while (start && blocks->frames[start - 1])
			start--;
		memcpy(blocks->folded + len, blocks->frames + start, end - start);
		len += end - start;
		blocks->folded[len - 1] = ';';
		end = start;
	}
	return len ? len - 1 : 0;
}

static bool hand_out(struct stack_blocks *blocks, const char **ret_folded, size_t *ret_len)
{
	*ret_len = fold(blocks);
	*ret_folded = blocks->folded;
	blocks->len = blocks->keys_len = 0;
	blocks->open = false;
	return *ret_len > 0;
}

static bool take_bpftrace(struct stack_blocks *blocks, struct piece line, const char **ret_folded,
			  size_t *ret_len, uint64_t *ret_count)
{
	struct piece rest, before;

	if (opens_map(line, &rest)) {
		blocks->len = blocks->keys_len = 0;
		blocks->open = true;
		line = rest;
		if (!split_count(line, &before, ret_count)) {
			add_keys(blocks, rest);
			return false;
		}
		add_keys(blocks, before);
		return hand_out(blocks, ret_folded, ret_len);
	}
	if (!blocks->open)
		return false;
	if (split_count(line, &before, ret_count)) {
		add_keys(blocks, before);
		return hand_out(blocks, ret_folded, ret_len);
	}
	/* Between two stacks there is a comma, and the comma after one begins the keys. */
	if (line.len && *line.text == ',')
		add_keys(blocks, line);
	else
		add_frame(blocks, line);
	return false;
}

bool stack_blocks_take(struct stack_blocks *blocks, const char *line, size_t len,
		       const char **ret_folded, size_t *ret_len, uint64_t *ret_count)
{
	struct piece piece = trimmed(line, len);

	if (blocks->kind == STACK_BLOCKS_BPFTRACE)
		return take_bpftrace(blocks, piece, ret_folded, ret_len, ret_count);
	if (parse_count(piece, ret_count))
		return hand_out(blocks, ret_folded, ret_len);
	/* Headings begin in the first column. */
	if (piece.len && piece.text > line)
		add_frame(blocks, piece);
	return false;
}
