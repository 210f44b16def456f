/* SPDX-License-Identifier: MIT */
#include "flamegraph/folded_read.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "flamegraph/folded_line.h"
#include "flamegraph/foreign_text.h"
#include "flamegraph/hash_index.h"
#include "flamegraph/profile.h"
#include "flamegraph/stack_blocks.h"
#include "flamegraph/stack_fractions.h"
#include "flamegraph/text_piece.h"
#include "flamegraph/text_stream.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES   ((size_t)1 << 17)
#define STRAY_SINGLES 20 /* one line in so many may lack its second count */

struct name {
	const char *text; /* as in the file; lives as long as the profile */
	size_t len;
	uint32_t id[2]; /* as the first frame of a stack, as another; HASH_INDEX_NONE: never yet */
};

/* A stack met before, known by 128 bits of a seeded hash: its frames need not be looked at. */
struct known_stack {
	uint64_t hash[2];
	uint32_t stack;
};

struct reader {
	struct profile *profile;
	struct folded_report *report;
	struct folded_options options;
	struct stack_fractions fractions, fractions_before;
	bool sniffed;
	struct stack_blocks blocks; /* when stacks are not folded yet */
	bool keeps_order;

	struct name *names;
	size_t nr_names, cap_names;
	struct hash_index name_index;
	struct known_stack *known;
	size_t nr_known, cap_known;
	struct hash_index known_index;
	uint32_t *ids;
	size_t cap_ids;
};

static uint32_t new_name(struct reader *reader, const char *text, size_t len)
{
	_cleanup_free_ char *name = xmalloc(len + 1);
	struct name *row;

	for (size_t i = 0; i < len; i++)
		name[i] = text[i] ? text[i] : '?';
	name[len] = '\0';
	GROW_ARRAY(reader->names, reader->nr_names, reader->cap_names);
	row = &reader->names[reader->nr_names];
	row->text = profile_string(reader->profile, name);
	row->len = len;
	row->id[0] = row->id[1] = HASH_INDEX_NONE;
	return (uint32_t)reader->nr_names++;
}

static uint32_t id_of_name(struct reader *reader, uint32_t row, bool is_first)
{
	struct name *name = &reader->names[row];

	if (name->id[!is_first] == HASH_INDEX_NONE) {
		_cleanup_free_ char *buffer = xstrdup(name->text);
		struct frame frame = folded_frame(buffer, is_first);

		name->id[!is_first] = profile_frame(reader->profile, &frame);
	}
	return name->id[!is_first];
}

static uint32_t frame_id(struct reader *reader, const char *text, size_t len, bool is_first)
{
	uint64_t hash = hash_bytes(reader->name_index.seed, text, len);
	struct hash_probe probe;
	uint32_t row;

	for (row = hash_index_first(&reader->name_index, hash, &probe); row != HASH_INDEX_NONE;
	     row = hash_index_next(&reader->name_index, &probe)) {
		const struct name *name = &reader->names[row];

		if (name->len == len && !memcmp(name->text, text, len))
			return id_of_name(reader, row, is_first);
	}
	row = new_name(reader, text, len);
	hash_index_insert(&reader->name_index, hash, row);
	return id_of_name(reader, row, is_first);
}

static int parse_stack(struct reader *reader, const char *text, size_t len, uint32_t *ret_stack)
{
	size_t nr = 0;

	for (const char *end = text + len; text < end;) {
		const char *semicolon = memchr(text, ';', (size_t)(end - text));
		const char *stop = semicolon ? semicolon : end;

		if (nr == reader->cap_ids) {
			reader->cap_ids = nr ? nr * 2 : 256;
			reader->ids = xreallocarray(reader->ids, reader->cap_ids,
						    sizeof(*reader->ids));
		}
		if (stop > text) {
			reader->ids[nr] = frame_id(reader, text, (size_t)(stop - text), nr == 0);
			nr++;
		}
		text = stop + 1;
	}
	if (!nr)
		return -ENODATA;
	return profile_stack(reader->profile, reader->ids, nr, ret_stack);
}

static void hash_twice(const struct reader *reader, const char *text, size_t len, uint64_t *hash)
{
	uint64_t a = hash_u64(reader->known_index.seed, len);
	uint64_t b = hash_u64(reader->name_index.seed, ~(uint64_t)len);
	uint64_t word;

	for (; len >= sizeof(word); text += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, text, sizeof(word));
		a = hash_u64(a, word);
		b = hash_u64(b, word);
	}
	word = 0;
	memcpy(&word, text, len);
	hash[0] = hash_u64(a, word);
	hash[1] = hash_u64(b, word);
}

static int find_stack(struct reader *reader, const char *text, size_t len, uint32_t *ret_stack)
{
	struct hash_probe probe;
	uint64_t hash[2];
	uint32_t row;
	int ret;

	hash_twice(reader, text, len, hash);
	for (row = hash_index_first(&reader->known_index, hash[0], &probe); row != HASH_INDEX_NONE;
	     row = hash_index_next(&reader->known_index, &probe)) {
		if (memcmp(reader->known[row].hash, hash, sizeof(hash)))
			continue;
		*ret_stack = reader->known[row].stack;
		return 0;
	}
	ret = parse_stack(reader, text, len, ret_stack);
	if (ret < 0 || reader->keeps_order)
		return ret;
	GROW_ARRAY(reader->known, reader->nr_known, reader->cap_known);
	row = (uint32_t)reader->nr_known++;
	reader->known[row].hash[0] = hash[0];
	reader->known[row].hash[1] = hash[1];
	reader->known[row].stack = *ret_stack;
	hash_index_insert(&reader->known_index, hash[0], row);
	return 0;
}

/* Counts beyond what a profile can hold are told by it. */
static struct folded_count scaled(const struct reader *reader, struct folded_count count)
{
	long double product, whole, rest;

	if (reader->options.factor == 1)
		return count;
	product = ((long double)count.whole + (long double)count.billionths / FOLDED_BILLION) *
		  (long double)reader->options.factor;
	if (!(product < (long double)INT64_MAX))
		return (struct folded_count){.whole = UINT64_MAX};
	rest = roundl(modfl(product, &whole) * FOLDED_BILLION);
	if (rest >= FOLDED_BILLION)
		return (struct folded_count){.whole = (uint64_t)whole + 1};
	return (struct folded_count){(uint64_t)whole, (uint32_t)rest};
}

static int count_stack(struct reader *reader, uint32_t stack, struct folded_count count)
{
	count = scaled(reader, count);
	count.whole += stack_fractions_add(&reader->fractions, stack, count.billionths);
	return profile_count(reader->profile, stack, count.whole);
}

static int count_before(struct reader *reader, uint32_t stack, struct folded_count count)
{
	count = scaled(reader, count);
	count.whole += stack_fractions_add(&reader->fractions_before, stack, count.billionths);
	return profile_count_before(reader->profile, stack, count.whole);
}

static void note_bad_line(struct reader *reader, bool is_blank)
{
	if (!is_blank && !reader->report->bad_lines++)
		reader->report->first_bad_line = reader->report->lines;
}

static int take_block(struct reader *reader, const char *folded, size_t len, uint64_t count)
{
	uint32_t stack;
	int ret = find_stack(reader, folded, len, &stack);

	if (ret < 0)
		return ret == -ENODATA ? 0 : ret;
	reader->report->stacks++;
	return count_stack(reader, stack, (struct folded_count){.whole = count});
}

/* A stack that ended here counts, if there is one. */
static int take_block_line(struct reader *reader, const char *text, size_t len)
{
	const char *folded;
	size_t folded_len;
	uint64_t count;

	if (!stack_blocks_take(&reader->blocks, text, len, &folded, &folded_len, &count))
		return 0;
	return take_block(reader, folded, folded_len, count);
}

static int take_line(struct reader *reader, const char *text, size_t len)
{
	struct folded_line line;
	uint32_t stack;
	int ret;

	reader->report->lines++;
	if (reader->blocks.kind != STACK_BLOCKS_NONE)
		return take_block_line(reader, text, len);
	if (!folded_line_split(text, len, reader->report->has_before, &line)) {
		note_bad_line(reader, line.is_blank);
		return 0;
	}
	ret = find_stack(reader, text + line.start, line.len, &stack);
	if (ret == -ENODATA) {
		note_bad_line(reader, false);
		return 0;
	}
	if (ret < 0)
		return ret;
	reader->report->stacks++;
	reader->report->fractions += line.count.billionths || line.before.billionths;
	ret = count_stack(reader, stack, line.count);
	if (ret < 0 || !reader->report->has_before)
		return ret;
	return count_before(reader, stack, line.before);
}

/* True when @stack is the first of its kind. */
static bool note_stack(struct hash_index *seen, struct text_piece **stacks, size_t *nr, size_t *cap,
		       struct text_piece stack)
{
	uint64_t hash = hash_bytes(seen->seed, stack.text, stack.len);
	struct hash_probe probe;
	uint32_t row;

	for (row = hash_index_first(seen, hash, &probe); row != HASH_INDEX_NONE;
	     row = hash_index_next(seen, &probe)) {
		if ((*stacks)[row].len == stack.len &&
		    !memcmp((*stacks)[row].text, stack.text, stack.len))
			return false;
	}
	GROW_ARRAY(*stacks, *nr, *cap);
	(*stacks)[*nr] = stack;
	hash_index_insert(seen, hash, (uint32_t)(*nr)++);
	return true;
}

/* Comparisons have each stack once; "worker 1" and "worker 2" are no counts of one. */
static bool has_repeated_stacks(const char *text, size_t len)
{
	struct text_piece rest = {text, len};
	_cleanup_free_ struct text_piece *stacks = NULL;
	size_t nr = 0, cap = 0;
	struct hash_index seen;
	bool repeated = false;

	hash_index_init(&seen);
	while (rest.len && !repeated) {
		struct text_piece piece = text_piece_line(&rest);
		struct folded_line line;

		if (folded_line_split(piece.text, piece.len, true, &line))
			repeated = !note_stack(
				&seen, &stacks, &nr, &cap,
				(struct text_piece){piece.text + line.start, line.len});
	}
	hash_index_release(&seen);
	return repeated;
}

/*
 * Two counts a line, or a name that ends in a number?  One line cannot tell; a file whose first
 * block has two in practically every line that has any, and no stack twice, is a comparison.
 */
static bool looks_differential(const char *text, size_t len)
{
	struct text_piece rest = {text, len};
	size_t nr = 0, nr_single = 0;

	while (rest.len) {
		struct text_piece piece = text_piece_line(&rest);
		struct folded_line line;

		/* What the next block may go on with. */
		if (piece.text + piece.len == text + len && nr + nr_single)
			break;
		if (folded_line_split(piece.text, piece.len, true, &line))
			nr++;
		else if (folded_line_split(piece.text, piece.len, false, &line))
			nr_single++;
	}
	return nr && nr_single <= nr / STRAY_SINGLES && !has_repeated_stacks(text, len);
}

static bool has_two_counts(const struct reader *reader, const char *text, size_t len)
{
	if (reader->options.counts != FOLDED_COUNTS_GUESS)
		return reader->options.counts == FOLDED_COUNTS_TWO;
	return looks_differential(text, len);
}

/* What the first block says of all that comes. */
static int sniff(struct reader *reader, const char *text, size_t len)
{
	struct folded_report *report = reader->report;

	reader->blocks.kind = stack_blocks_sniff(text, len);
	/* Lists of numbers, as JSON has them, look a little like what DTrace prints. */
	if (reader->blocks.kind == STACK_BLOCKS_NONE || reader->blocks.kind == STACK_BLOCKS_DTRACE)
		report->foreign = foreign_text_find(text, len);
	if (report->foreign)
		return -ENOEXEC;
	report->is_perf_script = reader->blocks.kind == STACK_BLOCKS_PERF;
	report->has_before = reader->blocks.kind == STACK_BLOCKS_NONE &&
			     has_two_counts(reader, text, len);
	return 0;
}

/* All whole lines of the buffer; returns the bytes used or an error. */
static ssize_t take_lines(struct reader *reader, const char *text, size_t len, bool is_last)
{
	size_t used = 0;

	if (!reader->sniffed) {
		size_t bom = len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0;

		int ret = sniff(reader, text + bom, len - bom);

		if (ret < 0)
			return ret;
		reader->sniffed = true;
		used = bom;
	}
	while (used < len) {
		const char *end = memchr(text + used, '\n', len - used);
		size_t line_len = end ? (size_t)(end - text) - used : len - used;
		int ret;

		if (!end && !is_last)
			break;
		ret = take_line(reader, text + used, line_len);
		if (ret < 0)
			return ret;
		used += line_len + (end != NULL);
	}
	return (ssize_t)used;
}

static int read_blocks(struct reader *reader, struct text_stream *stream)
{
	size_t cap = BLOCK_BYTES * 2, kept = 0, got;
	_cleanup_free_ char *buffer = xmalloc(cap);

	do {
		ssize_t used;
		int ret;

		if (cap - kept < BLOCK_BYTES) {
			if (kept > FOLDED_MAX_LINE)
				return -E2BIG;
			cap *= 2;
			buffer = xreallocarray(buffer, cap, 1);
		}
		ret = text_stream_read(stream, buffer + kept, cap - kept, &got);
		if (ret < 0)
			return ret;
		kept += got;
		used = take_lines(reader, buffer, kept, !got);
		if (used < 0)
			return (int)used;
		kept -= (size_t)used;
		memmove(buffer, buffer + used, kept);
	} while (got);
	return 0;
}

/* What no line ended, and what was left over of fractions. */
static int finish(struct reader *reader)
{
	const char *folded;
	size_t len;
	uint64_t count;
	int ret = 0;

	if (stack_blocks_end(&reader->blocks, &folded, &len, &count))
		ret = take_block(reader, folded, len, count);
	reader->report->other_events = reader->blocks.other_events;
	if (!ret)
		ret = stack_fractions_share_out(&reader->fractions, reader->profile, profile_count,
						&reader->report->rounded);
	if (!ret)
		ret = stack_fractions_share_out(&reader->fractions_before, reader->profile,
						profile_count_before, &reader->report->rounded);
	return ret;
}

int folded_read(FILE *in, struct profile *profile, const struct folded_options *options,
		struct folded_report *ret_report)
{
	_cleanup_(text_stream_freep) struct text_stream *stream = text_stream_new(in);
	struct reader reader = {.profile = profile, .report = ret_report, .options.factor = 1};
	int ret;

	if (options)
		reader.options = *options;
	stack_blocks_init(&reader.blocks, STACK_BLOCKS_NONE);
	reader.keeps_order = profile_keeps_order(profile);
	*ret_report = (struct folded_report){0};
	hash_index_init(&reader.name_index);
	hash_index_init(&reader.known_index);
	ret = read_blocks(&reader, stream);
	if (!ret)
		ret = finish(&reader);
	hash_index_release(&reader.name_index);
	hash_index_release(&reader.known_index);
	free(reader.names);
	free(reader.known);
	free(reader.ids);
	stack_fractions_release(&reader.fractions);
	stack_fractions_release(&reader.fractions_before);
	stack_blocks_release(&reader.blocks);
	return ret;
}
