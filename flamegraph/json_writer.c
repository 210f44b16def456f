/* SPDX-License-Identifier: MIT */
#include "flamegraph/json_writer.h"

#include "flamegraph/utf8.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

void json_init(struct json_writer *json, FILE *out)
{
	*json = (struct json_writer){.out = out};
}

static void new_line(const struct json_writer *json)
{
	if (json->pretty)
		fprintf(json->out, "\n%*s", (int)json->depth * 2, "");
}

static void before_item(struct json_writer *json)
{
	if (!json->depth)
		return;
	if (json->levels[json->depth - 1].filled)
		putc(',', json->out);
	json->levels[json->depth - 1].filled = true;
	new_line(json);
}

static void before_value(struct json_writer *json)
{
	if (json->after_key) {
		json->after_key = false;
		return;
	}
	assert(!json->depth || json->levels[json->depth - 1].is_array);
	before_item(json);
}

static void begin(struct json_writer *json, bool is_array)
{
	before_value(json);
	assert(json->depth < JSON_MAX_DEPTH);
	json->levels[json->depth].is_array = is_array;
	json->levels[json->depth++].filled = false;
	putc(is_array ? '[' : '{', json->out);
}

static void end(struct json_writer *json, bool is_array)
{
	assert(json->depth && json->levels[json->depth - 1].is_array == is_array);
	assert(!json->after_key);
	json->depth--;
	if (json->levels[json->depth].filled)
		new_line(json);
	putc(is_array ? ']' : '}', json->out);
	if (!json->depth && json->pretty)
		putc('\n', json->out);
}

void json_object_begin(struct json_writer *json)
{
	begin(json, false);
}

void json_object_end(struct json_writer *json)
{
	end(json, false);
}

void json_array_begin(struct json_writer *json)
{
	begin(json, true);
}

void json_array_end(struct json_writer *json)
{
	end(json, true);
}

static void put_escaped_char(FILE *out, uint32_t character, const char *bytes, size_t nr)
{
	switch (character) {
	case '"':
		fputs("\\\"", out);
		break;
	case '\\':
		fputs("\\\\", out);
		break;
	case '\n':
		fputs("\\n", out);
		break;
	case '\t':
		fputs("\\t", out);
		break;
	case '<':
	case '>':
	case '&':
	case UTF8_REPLACEMENT:
		fprintf(out, "\\u%04x", character);
		break;
	default:
		/* Besides controls: what XML does not take, and JavaScript's line ends. */
		if (!utf8_is_xml(character) || character == 0x2028 || character == 0x2029)
			fprintf(out, "\\u%04x", character);
		else
			fwrite(bytes, 1, nr, out);
	}
}

static bool is_plain(char byte)
{
	return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\' && byte != '<' &&
	       byte != '>' && byte != '&';
}

static void put_quoted(FILE *out, const char *text)
{
	size_t len = strlen(text);

	putc('"', out);
	while (len) {
		uint32_t character;
		size_t nr = 0;

		while (nr < len && is_plain(text[nr]))
			nr++;
		if (nr) {
			fwrite(text, 1, nr, out);
		} else {
			nr = utf8_decode(text, len, &character);
			put_escaped_char(out, character, text, nr);
		}
		text += nr;
		len -= nr;
	}
	putc('"', out);
}

void json_key(struct json_writer *json, const char *key)
{
	assert(json->depth && !json->levels[json->depth - 1].is_array && !json->after_key);
	before_item(json);
	put_quoted(json->out, key);
	putc(':', json->out);
	if (json->pretty)
		putc(' ', json->out);
	json->after_key = true;
}

void json_string(struct json_writer *json, const char *text)
{
	if (!text) {
		json_null(json);
		return;
	}
	before_value(json);
	put_quoted(json->out, text);
}

void json_uint(struct json_writer *json, uint64_t value)
{
	before_value(json);
	fprintf(json->out, "%" PRIu64, value);
}

void json_int(struct json_writer *json, int64_t value)
{
	before_value(json);
	fprintf(json->out, "%" PRId64, value);
}

void json_double(struct json_writer *json, double value, int decimals)
{
	if (!isfinite(value)) {
		json_null(json);
		return;
	}
	before_value(json);
	fprintf(json->out, "%.*f", decimals, value);
}

void json_bool(struct json_writer *json, bool value)
{
	before_value(json);
	fputs(value ? "true" : "false", json->out);
}

void json_null(struct json_writer *json)
{
	before_value(json);
	fputs("null", json->out);
}

void json_key_string(struct json_writer *json, const char *key, const char *text)
{
	json_key(json, key);
	json_string(json, text);
}

void json_key_uint(struct json_writer *json, const char *key, uint64_t value)
{
	json_key(json, key);
	json_uint(json, value);
}

void json_key_int(struct json_writer *json, const char *key, int64_t value)
{
	json_key(json, key);
	json_int(json, value);
}

void json_key_double(struct json_writer *json, const char *key, double value, int decimals)
{
	json_key(json, key);
	json_double(json, value, decimals);
}

void json_key_bool(struct json_writer *json, const char *key, bool value)
{
	json_key(json, key);
	json_bool(json, value);
}
