/* SPDX-License-Identifier: MIT */
#include "flamegraph/stack_blocks.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "flamegraph/folded_line.h"
#include "flamegraph/perf_script.h"
#include "flamegraph/text_piece.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define SNIFFED_LINES 100 /* headings come before the first stack */

/* Nothing but digits, and few enough. */
static bool parse_count(struct text_piece piece, uint64_t *ret_count)
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
static struct text_piece without_offset(struct text_piece piece)
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
static bool split_count(struct text_piece line, struct text_piece *ret_before, uint64_t *ret_count)
{
	size_t at = line.len;

	while (at && isdigit((unsigned char)line.text[at - 1]))
		at--;
	if (at < 3 || memcmp(line.text + at - 3, "]: ", 3) != 0)
		return false;
	*ret_before = (struct text_piece){line.text, at - 3};
	return parse_count((struct text_piece){line.text + at, line.len - at}, ret_count);
}

/* "@[" or "@name["; gives what follows. */
static bool opens_map(struct text_piece line, struct text_piece *ret_rest)
{
	const char *bracket = line.len && *line.text == '@' ? memchr(line.text, '[', line.len)
							    : NULL;

	if (!bracket)
		return false;
	bracket++;
	*ret_rest = (struct text_piece){bracket, line.len - (size_t)(bracket - line.text)};
	return true;
}

/* A key without a stack, "@[cat]: 5", could be a folded stack as well. */
static bool is_bpftrace(struct text_piece line)
{
	struct text_piece rest;

	return opens_map(line, &rest) && (!rest.len || rest.text[rest.len - 1] == ',');
}

/* Indented, and neither a number nor a folded stack with its count. */
static bool is_dtrace_frame(struct text_piece line)
{
	struct folded_line folded;
	struct text_piece trimmed = text_piece_trimmed(line.text, line.len);
	uint64_t count;

	return trimmed.len && trimmed.text > line.text && !parse_count(trimmed, &count) &&
	       !folded_line_split(line.text, line.len, false, &folded);
}

static bool is_folded(struct text_piece line)
{
	struct folded_line folded;

	return memchr(line.text, ';', line.len) &&
	       folded_line_split(line.text, line.len, false, &folded);
}

enum stack_blocks_kind stack_blocks_sniff(const char *text, size_t len)
{
	struct text_piece rest = {text, len};
	bool after_frame = false;

	if (perf_script_sniff(text, len))
		return STACK_BLOCKS_PERF;
	for (int i = 0; i < SNIFFED_LINES && rest.len; i++) {
		struct text_piece line = text_piece_line(&rest);
		struct text_piece trimmed = text_piece_trimmed(line.text, line.len);
		uint64_t count;

		if (is_bpftrace(trimmed))
			return STACK_BLOCKS_BPFTRACE;
		if (is_folded(line))
			return STACK_BLOCKS_NONE;
		if (after_frame && parse_count(trimmed, &count))
			return STACK_BLOCKS_DTRACE;
		after_frame = is_dtrace_frame(line);
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
	free(blocks->event);
}

static void reserve(char **text, size_t *cap, size_t len)
{
	if (len <= *cap)
		return;
	*cap = len * 2;
	*text = xreallocarray(*text, *cap, 1);
}

/* What separates frames in a folded stack, and ends strings, cannot be part of a name. */
static void append(char **text, size_t *len, size_t *cap, struct text_piece piece)
{
	reserve(text, cap, *len + piece.len + 1);
	for (size_t i = 0; i < piece.len; i++) {
		char byte = piece.text[i];

		(*text)[(*len)++] = byte == ';' ? ':' : byte ? byte : '?';
	}
	(*text)[(*len)++] = '\0';
}

static void add_frame(struct stack_blocks *blocks, struct text_piece line)
{
	line = without_offset(line);
	if (line.len)
		append(&blocks->frames, &blocks->len, &blocks->cap, line);
}

static void add_keys(struct stack_blocks *blocks, struct text_piece list)
{
	while (list.len) {
		const char *comma = memchr(list.text, ',', list.len);
		size_t len = comma ? (size_t)(comma - list.text) : list.len;
		struct text_piece key = text_piece_trimmed(list.text, len);

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

static bool take_bpftrace(struct stack_blocks *blocks, struct text_piece line,
			  const char **ret_folded, size_t *ret_len, uint64_t *ret_count)
{
	struct text_piece rest, before;

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

static void add_perf_frame(struct stack_blocks *blocks, const struct perf_frame *frame)
{
	const char *open = frame->is_module ? "[" : "", *close = frame->is_module ? "]" : "";
	_cleanup_free_ char *text = xasprintf("%s%.*s%s%s", open, (int)frame->name.len,
					      frame->name.text, close, frame->suffix);

	if (frame->name.len)
		append(&blocks->frames, &blocks->len, &blocks->cap,
		       (struct text_piece){text, strlen(text)});
}

/* The first event is the one that counts. */
static bool is_wanted(struct stack_blocks *blocks, const struct perf_line *line)
{
	struct text_piece event;

	if (line->may_be_none)
		return true;
	if (!blocks->event)
		blocks->event = xasprintf("%.*s", (int)line->event.len, line->event.text);
	event = (struct text_piece){blocks->event, strlen(blocks->event)};
	return perf_script_same_event(event, line->event);
}

static void begin_sample(struct stack_blocks *blocks, const struct perf_line *line)
{
	blocks->open = is_wanted(blocks, line);
	blocks->may_be_none = line->may_be_none;
	if (!blocks->open) {
		blocks->other_events++;
		return;
	}
	append(&blocks->keys, &blocks->keys_len, &blocks->keys_cap, line->comm);
	add_perf_frame(blocks, &line->frame);
}

/* A sample ends where the next one begins, if not before. */
static bool take_perf(struct stack_blocks *blocks, struct text_piece line, const char **ret_folded,
		      size_t *ret_len, uint64_t *ret_count)
{
	struct perf_line parsed = perf_script_line(line.text, line.len, blocks->in_sample);
	bool ended = false;

	if (parsed.kind == PERF_LINE_FRAME) {
		blocks->open |= !blocks->in_sample;
		blocks->in_sample = true;
		if (blocks->open)
			add_perf_frame(blocks, &parsed.frame);
		return false;
	}
	if (parsed.kind == PERF_LINE_OTHER)
		return false;
	/* Some other line, it turns out. */
	if (blocks->open && !blocks->len && blocks->may_be_none) {
		blocks->keys_len = 0;
		blocks->open = false;
	}
	if (blocks->open)
		ended = hand_out(blocks, ret_folded, ret_len);
	*ret_count = 1;
	blocks->in_sample = parsed.kind == PERF_LINE_SAMPLE;
	if (blocks->in_sample)
		begin_sample(blocks, &parsed);
	return ended;
}

bool stack_blocks_take(struct stack_blocks *blocks, const char *line, size_t len,
		       const char **ret_folded, size_t *ret_len, uint64_t *ret_count)
{
	struct text_piece piece = text_piece_trimmed(line, len);

	if (blocks->kind == STACK_BLOCKS_PERF)
		return take_perf(blocks, (struct text_piece){line, len}, ret_folded, ret_len,
				 ret_count);
	if (blocks->kind == STACK_BLOCKS_BPFTRACE)
		return take_bpftrace(blocks, piece, ret_folded, ret_len, ret_count);
	if (parse_count(piece, ret_count))
		return hand_out(blocks, ret_folded, ret_len);
	/* Headings begin in the first column. */
	if (piece.len && piece.text > line)
		add_frame(blocks, piece);
	return false;
}

bool stack_blocks_end(struct stack_blocks *blocks, const char **ret_folded, size_t *ret_len,
		      uint64_t *ret_count)
{
	return blocks->kind == STACK_BLOCKS_PERF &&
	       stack_blocks_take(blocks, "", 0, ret_folded, ret_len, ret_count);
}
