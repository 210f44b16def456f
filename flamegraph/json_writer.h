/* SPDX-License-Identifier: MIT */
/*
 * JSON, written as it comes: no tree in memory.  Puts commas and quotes; always valid UTF-8.  In an
 * object every value follows its key.  Nesting is checked by assertions.  Errors stay in the
 * stream: the caller looks at ferror().
 */
#ifndef CTRACE_FLAMEGRAPH_JSON_WRITER_H
#define CTRACE_FLAMEGRAPH_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_MAX_DEPTH 64

struct json_writer {
	FILE *out;
	bool pretty; /* one value a line, indented by two blanks */
	bool after_key;
	unsigned int depth;
	struct {
		bool is_array;
		bool filled;
	} levels[JSON_MAX_DEPTH];
};

void json_init(struct json_writer *json, FILE *out);

void json_object_begin(struct json_writer *json);
void json_object_end(struct json_writer *json);
void json_array_begin(struct json_writer *json);
void json_array_end(struct json_writer *json);
void json_key(struct json_writer *json, const char *key);

/* NULL becomes null.  '<', '>' and '&' are escaped, so that the text is safe inside markup. */
void json_string(struct json_writer *json, const char *text);
void json_uint(struct json_writer *json, uint64_t value);
void json_int(struct json_writer *json, int64_t value);
/* With @decimals digits after the point; what is no number becomes null. */
void json_double(struct json_writer *json, double value, int decimals);
void json_bool(struct json_writer *json, bool value);
void json_null(struct json_writer *json);

/* json_key() and the value. */
void json_key_string(struct json_writer *json, const char *key, const char *text);
void json_key_uint(struct json_writer *json, const char *key, uint64_t value);
void json_key_int(struct json_writer *json, const char *key, int64_t value);
void json_key_double(struct json_writer *json, const char *key, double value, int decimals);
void json_key_bool(struct json_writer *json, const char *key, bool value);

#endif
