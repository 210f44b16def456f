/* SPDX-License-Identifier: MIT */
#include "flamegraph/page_read.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "flamegraph/page_tree.h"
#include "flamegraph/profile.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define DATA_BEGIN    "id=\"ctrace-data\">"
#define META_BEGIN    "id=\"ctrace-meta\">"
#define BEFORE_KEY    "\"before\":"
#define REST_KEY      "\"rest\":"
#define UNPACK_BLOCK  ((size_t)1 << 20)
#define FUNCTION_COLS 6

/* Bytes still to be read; @bad once they were not what they had to be. */
struct source {
	const uint8_t *at, *end;
	bool bad;
};

struct strings {
	char **texts;
	size_t nr;
	size_t bytes;
};

static uint64_t take_uint(struct source *source)
{
	uint64_t value = 0;
	unsigned int shift = 0;
	uint8_t byte;

	do {
		if (source->at == source->end || shift > 63) {
			source->bad = true;
			return 0;
		}
		byte = *source->at++;
		value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return value;
}

/* How many things of at least one byte each follow. */
static size_t take_count(struct source *source)
{
	uint64_t nr = take_uint(source);

	if (nr > (size_t)(source->end - source->at)) {
		source->bad = true;
		return 0;
	}
	return (size_t)nr;
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Up to the first character that is none of base64's; @bytes has room for @len. */
static size_t decode_base64(const char *text, size_t len, uint8_t *bytes)
{
	uint32_t bits = 0;
	size_t nr = 0;

	for (size_t i = 0; i < len; i++) {
		int digit = base64_digit(text[i]);

		if (digit < 0)
			break;
		bits = bits << 6 | (uint32_t)digit;
		if (i % 4)
			bytes[nr++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
	}
	return nr;
}

static int inflate_all(z_stream *stream, uint8_t **plain, size_t *ret_size)
{
	size_t cap = 0, nr = 0;
	int ret = Z_OK;

	while (ret == Z_OK) {
		if (nr > PAGE_READ_MAX)
			return -E2BIG;
		if (nr == cap) {
			cap += cap / 2 + UNPACK_BLOCK;
			*plain = xreallocarray(*plain, cap, 1);
		}
		stream->next_out = *plain + nr;
		stream->avail_out = (uInt)(cap - nr);
		ret = inflate(stream, Z_NO_FLUSH);
		nr = cap - stream->avail_out;
	}
	*ret_size = nr;
	return ret == Z_STREAM_END ? 0 : -EBADMSG;
}

static int unpack(const char *text, size_t len, uint8_t **plain, size_t *ret_size)
{
	_cleanup_free_ uint8_t *packed = xmalloc(len + 1);
	z_stream stream = {0};
	int ret;

	stream.next_in = packed;
	stream.avail_in = (uInt)decode_base64(text, len, packed);
	if (inflateInit(&stream) != Z_OK)
		die_oom();
	ret = inflate_all(&stream, plain, ret_size);
	inflateEnd(&stream);
	return ret;
}

/* Shared beginnings could make little of much: all texts together are bounded. */
static bool take_string(struct source *source, struct strings *strings)
{
	const char *last = strings->nr ? strings->texts[strings->nr - 1] : "";
	uint64_t shared = take_uint(source);
	size_t more = take_count(source);
	char *text;

	if (source->bad || shared > strlen(last) ||
	    strings->bytes + shared + more > PAGE_READ_MAX || memchr(source->at, '\0', more))
		return false;
	text = xmalloc(shared + more + 1);
	memcpy(text, last, shared);
	memcpy(text + shared, source->at, more);
	text[shared + more] = '\0';
	source->at += more;
	strings->bytes += shared + more;
	strings->texts[strings->nr++] = text;
	return true;
}

static int take_strings(struct source *source, struct strings *strings)
{
	size_t nr = take_count(source);

	strings->texts = xcalloc(nr + 1, sizeof(*strings->texts));
	while (strings->nr < nr) {
		if (!take_string(source, strings))
			return -EBADMSG;
	}
	return 0;
}

static void strings_release(struct strings *strings)
{
	for (size_t i = 0; i < strings->nr; i++)
		free(strings->texts[i]);
	free(strings->texts);
}

/* @reference is one more than a row; 0 is none. */
static const char *string_at(struct source *source, const struct strings *strings,
			     uint64_t reference)
{
	if (reference > strings->nr)
		source->bad = true;
	return !source->bad && reference ? strings->texts[reference - 1] : NULL;
}

static void skip_column(struct source *source, size_t nr)
{
	for (; nr && source->at < source->end; source->at++)
		nr -= !(*source->at & 0x80);
	source->bad |= nr > 0;
}

/* Columns are read side by side. */
static uint32_t add_frame(struct source *columns, const struct strings *strings,
			  struct profile *profile, struct page_report *report)
{
	struct frame frame = {.name = string_at(columns, strings, take_uint(&columns[0]) + 1)};
	uint64_t kind = take_uint(&columns[1]);

	frame.module = string_at(columns, strings, take_uint(&columns[2]));
	frame.full_name = string_at(columns, strings, take_uint(&columns[3]));
	frame.file = string_at(columns, strings, take_uint(&columns[4]));
	frame.line = (uint32_t)take_uint(&columns[5]);
	if (columns->bad || !frame.name || kind > PAGE_KIND_PRUNED) {
		columns->bad = true;
		return 0;
	}
	report->is_pruned |= kind == PAGE_KIND_PRUNED;
	frame.kind = kind == PAGE_KIND_PRUNED ? FRAME_KIND_UNKNOWN : (uint8_t)kind;
	return profile_frame(profile, &frame);
}

/* The ids of the page's functions, to be freed. */
static uint32_t *take_functions(struct source *source, const struct strings *strings,
				struct profile *profile, size_t *ret_nr, struct page_report *report)
{
	size_t nr = take_count(source);
	uint32_t *ids = xcalloc(nr + 1, sizeof(*ids));
	struct source columns[FUNCTION_COLS];

	for (size_t i = 0; i < FUNCTION_COLS; i++) {
		columns[i] = *source;
		skip_column(source, nr);
	}
	for (size_t i = 0; i < nr && !source->bad; i++) {
		ids[i] = add_frame(columns, strings, profile, report);
		source->bad |= columns->bad;
	}
	*ret_nr = nr;
	return ids;
}

/* The columns of nodes, read side by side. */
struct nodes {
	struct source pops, function, self, before;
	const uint32_t *ids;
	size_t nr, nr_ids;
	uint32_t *stack;
	size_t depth, cap;
};

static void find_columns(struct source *source, struct nodes *nodes, bool has_before)
{
	nodes->nr = take_count(source);
	nodes->pops = *source;
	skip_column(source, nodes->nr);
	nodes->function = *source;
	skip_column(source, nodes->nr);
	nodes->self = *source;
	skip_column(source, nodes->nr);
	nodes->before = *source;
	if (has_before)
		skip_column(source, nodes->nr);
}

static int count_stack(struct nodes *nodes, struct profile *profile, bool has_before)
{
	uint64_t self = take_uint(&nodes->self);
	uint64_t before = has_before ? take_uint(&nodes->before) : 0;
	uint32_t stack;
	int ret;

	if (!self && !before)
		return 0;
	ret = profile_stack(profile, nodes->stack, nodes->depth, &stack);
	if (!ret)
		ret = profile_count(profile, stack, self);
	if (!ret && has_before)
		ret = profile_count_before(profile, stack, before);
	return ret;
}

static int take_node(struct nodes *nodes, struct profile *profile, bool has_before)
{
	uint64_t pops = take_uint(&nodes->pops);
	uint64_t function = take_uint(&nodes->function);

	if (pops > nodes->depth || function >= nodes->nr_ids)
		return -EBADMSG;
	nodes->depth -= pops;
	GROW_ARRAY(nodes->stack, nodes->depth, nodes->cap);
	nodes->stack[nodes->depth++] = nodes->ids[function];
	return count_stack(nodes, profile, has_before);
}

static int take_nodes(struct source *source, const uint32_t *ids, size_t nr_ids,
		      struct profile *profile, bool has_before)
{
	struct nodes nodes = {.ids = ids, .nr_ids = nr_ids};
	int ret = 0;

	find_columns(source, &nodes, has_before);
	if (source->bad)
		return -EBADMSG;
	for (size_t i = 0; i < nodes.nr && !ret; i++)
		ret = take_node(&nodes, profile, has_before);
	free(nodes.stack);
	return ret;
}

static int read_plain(const uint8_t *plain, size_t size, struct profile *profile,
		      struct page_report *report)
{
	_cleanup_(strings_release) struct strings strings = {0};
	struct source source = {.at = plain, .end = plain + size};
	_cleanup_free_ uint32_t *ids = NULL;
	size_t nr_ids;
	int ret = take_strings(&source, &strings);

	if (ret < 0)
		return ret;
	ids = take_functions(&source, &strings, profile, &nr_ids, report);
	if (source.bad)
		return -EBADMSG;
	return take_nodes(&source, ids, nr_ids, profile, report->has_before);
}

static const char *find(const char *text, size_t size, const char *what)
{
	return memmem(text, size, what, strlen(what));
}

/* What follows @key in the JSON block, or NULL; inside its strings the quotes would be escaped. */
static const char *find_in_meta(const char *text, size_t size, const char *key)
{
	const char *meta = find(text, size, META_BEGIN);
	const char *end = meta ? memchr(meta + strlen(META_BEGIN), '<',
					size - (size_t)(meta + strlen(META_BEGIN) - text))
			       : NULL;
	const char *found = end ? find(meta, (size_t)(end - meta), key) : NULL;

	return found ? found + strlen(key) : NULL;
}

/* What was counted in no stack; the block goes on behind the number. */
static int take_rest(const char *text, size_t size, struct profile *profile)
{
	const char *digits = find_in_meta(text, size, REST_KEY);
	uint64_t rest = 0;

	for (; digits && isdigit((unsigned char)*digits); digits++) {
		if (rest > INT64_MAX / 10 - 1)
			return -EOVERFLOW;
		rest = rest * 10 + (uint64_t)(*digits - '0');
	}
	return rest ? profile_add(profile, NULL, 0, rest) : 0;
}

int page_read(const char *text, size_t size, struct profile *profile,
	      struct page_report *ret_report)
{
	const char *data = find(text, size, DATA_BEGIN);
	_cleanup_free_ uint8_t *plain = NULL;
	size_t plain_size;
	int ret;

	*ret_report = (struct page_report){0};
	if (!data)
		return -ENOEXEC;
	if (size > PAGE_READ_MAX)
		return -E2BIG;
	data += strlen(DATA_BEGIN);
	ret = unpack(data, size - (size_t)(data - text), &plain, &plain_size);
	if (ret < 0)
		return ret;
	ret_report->has_before = find_in_meta(text, size, BEFORE_KEY);
	ret = read_plain(plain, plain_size, profile, ret_report);
	return ret < 0 ? ret : take_rest(text, size, profile);
}
