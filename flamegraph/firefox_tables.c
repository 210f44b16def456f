/* SPDX-License-Identifier: MIT */
#include "flamegraph/firefox_tables.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/frame.h"
#include "flamegraph/json_writer.h"
#include "flamegraph/profile.h"
#include "flamegraph/profile_roots.h"

#include <stdlib.h>
#include <string.h>

#define GUID_BYTES 16

enum { CATEGORY_OTHER, CATEGORY_USER, CATEGORY_KERNEL, CATEGORY_JIT };
enum { RESOURCE_LIBRARY = 1 };

/* Distinct strings by pointer: the profile's are interned. */
struct tables {
	struct json_writer *json;
	const struct profile *profile;
	const struct frame *frames;
	size_t nr_frames;
	const char **modules;
	size_t nr_modules, cap_modules;
	const char **files;
	size_t nr_files, cap_files;
	uint32_t *module_of; /* frame -> row + 1 */
	uint32_t *file_of;
};

static uint32_t row_of(const char ***list, size_t *nr, size_t *cap, const char *text)
{
	for (size_t i = 0; i < *nr; i++) {
		if ((*list)[i] == text)
			return (uint32_t)i + 1;
	}
	GROW_ARRAY(*list, *nr, *cap);
	(*list)[(*nr)++] = text;
	return (uint32_t)*nr;
}

static void tables_init(struct tables *tables)
{
	const struct frame *last = NULL;

	tables->frames = profile_frames(tables->profile, &tables->nr_frames);
	tables->module_of = xcalloc(tables->nr_frames + 1, sizeof(*tables->module_of));
	tables->file_of = xcalloc(tables->nr_frames + 1, sizeof(*tables->file_of));
	for (size_t i = 0; i < tables->nr_frames; i++) {
		const struct frame *frame = &tables->frames[i];

		if (frame->module)
			tables->module_of[i] = row_of(&tables->modules, &tables->nr_modules,
						      &tables->cap_modules, frame->module);
		if (frame->file && last && last->file == frame->file)
			tables->file_of[i] = tables->file_of[i - 1];
		else if (frame->file)
			tables->file_of[i] = row_of(&tables->files, &tables->nr_files,
						    &tables->cap_files, frame->file);
		last = frame;
	}
}

static void put_constant(struct json_writer *json, const char *key, size_t nr, int64_t value)
{
	json_key(json, key);
	json_array_begin(json);
	for (size_t i = 0; i < nr; i++)
		json_int(json, value);
	json_array_end(json);
}

static void put_nulls(struct json_writer *json, const char *key, size_t nr)
{
	json_key(json, key);
	json_array_begin(json);
	for (size_t i = 0; i < nr; i++)
		json_null(json);
	json_array_end(json);
}

static void put_numbers(struct json_writer *json, const char *key, size_t nr)
{
	json_key(json, key);
	json_array_begin(json);
	for (size_t i = 0; i < nr; i++)
		json_uint(json, i);
	json_array_end(json);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/*
 * Breakpad's spelling: the build-id's first 16 bytes as a GUID, whose first three fields are
 * little-endian numbers, and an age of 0.
 */
static void spell_debug_id(const struct build_id *id, char *text)
{
	static const uint8_t order[GUID_BYTES] = {3, 2, 1,  0,	5,  4,	7,  6,
						  8, 9, 10, 11, 12, 13, 14, 15};

	for (size_t i = 0; i < GUID_BYTES; i++)
		snprintf(text + 2 * i, 3, "%02X", order[i] < id->size ? id->data[order[i]] : 0);
	strcpy(text + 2 * GUID_BYTES, "0");
}

static void put_libs(const struct tables *tables)
{
	struct json_writer *json = tables->json;

	json_key(json, "libs");
	json_array_begin(json);
	for (size_t i = 0; i < tables->nr_modules; i++) {
		const char *path = tables->modules[i];
		const struct build_id *id = profile_build_id(tables->profile, path);
		char text[2 * BUILD_ID_MAX + 1] = "";
		char debug_id[2 * GUID_BYTES + 2] = "";

		for (size_t j = 0; id && j < id->size; j++)
			snprintf(text + 2 * j, 3, "%02x", id->data[j]);
		if (id)
			spell_debug_id(id, debug_id);
		json_object_begin(json);
		json_key_string(json, "arch", "");
		json_key_string(json, "name", base_name(path));
		json_key_string(json, "path", path);
		json_key_string(json, "debugName", base_name(path));
		json_key_string(json, "debugPath", path);
		json_key_string(json, "breakpadId", debug_id);
		json_key_string(json, "codeId", *text ? text : NULL);
		json_object_end(json);
	}
	json_array_end(json);
}

/* Names of frames, then of modules, then of files. */
static void put_strings(const struct tables *tables)
{
	struct json_writer *json = tables->json;

	json_key(json, "stringArray");
	json_array_begin(json);
	for (size_t i = 0; i < tables->nr_frames; i++)
		json_string(json, tables->frames[i].name);
	for (size_t i = 0; i < tables->nr_modules; i++)
		json_string(json, base_name(tables->modules[i]));
	for (size_t i = 0; i < tables->nr_files; i++)
		json_string(json, tables->files[i]);
	json_array_end(json);
}

static int64_t category_of(const struct frame *frame)
{
	switch (frame->kind) {
	case FRAME_KIND_KERNEL:
		return CATEGORY_KERNEL;
	case FRAME_KIND_JIT:
		return CATEGORY_JIT;
	case FRAME_KIND_MARK:
	case FRAME_KIND_UNKNOWN:
		return CATEGORY_OTHER;
	default:
		return CATEGORY_USER;
	}
}

static void put_lines(const struct tables *tables, const char *key)
{
	struct json_writer *json = tables->json;

	json_key(json, key);
	json_array_begin(json);
	for (size_t i = 0; i < tables->nr_frames; i++) {
		if (tables->frames[i].line)
			json_uint(json, tables->frames[i].line);
		else
			json_null(json);
	}
	json_array_end(json);
}

static void put_frame_table(const struct tables *tables)
{
	struct json_writer *json = tables->json;
	size_t nr = tables->nr_frames;

	json_key(json, "frameTable");
	json_object_begin(json);
	put_constant(json, "address", nr, -1);
	json_key(json, "inlineDepth");
	json_array_begin(json);
	for (size_t i = 0; i < nr; i++)
		json_uint(json, tables->frames[i].kind == FRAME_KIND_INLINED);
	json_array_end(json);
	json_key(json, "category");
	json_array_begin(json);
	for (size_t i = 0; i < nr; i++)
		json_int(json, category_of(&tables->frames[i]));
	json_array_end(json);
	put_constant(json, "subcategory", nr, 0);
	put_numbers(json, "func", nr);
	put_nulls(json, "nativeSymbol", nr);
	put_nulls(json, "innerWindowID", nr);
	put_lines(tables, "line");
	put_nulls(json, "column", nr);
	json_key_uint(json, "length", nr);
	json_object_end(json);
}

static void put_bools(struct json_writer *json, const char *key, size_t nr)
{
	json_key(json, key);
	json_array_begin(json);
	for (size_t i = 0; i < nr; i++)
		json_bool(json, false);
	json_array_end(json);
}

static void put_func_table(const struct tables *tables)
{
	struct json_writer *json = tables->json;
	size_t nr = tables->nr_frames;

	json_key(json, "funcTable");
	json_object_begin(json);
	put_numbers(json, "name", nr);
	put_bools(json, "isJS", nr);
	put_bools(json, "relevantForJS", nr);
	json_key(json, "resource");
	json_array_begin(json);
	for (size_t i = 0; i < nr; i++)
		json_int(json, (int64_t)tables->module_of[i] - 1);
	json_array_end(json);
	json_key(json, "source");
	json_array_begin(json);
	for (size_t i = 0; i < nr; i++) {
		if (tables->file_of[i])
			json_uint(json, tables->file_of[i] - 1);
		else
			json_null(json);
	}
	json_array_end(json);
	put_nulls(json, "lineNumber", nr);
	put_nulls(json, "columnNumber", nr);
	json_key_uint(json, "length", nr);
	json_object_end(json);
}

static void put_resources(const struct tables *tables)
{
	struct json_writer *json = tables->json;
	size_t nr = tables->nr_modules;

	json_key(json, "resourceTable");
	json_object_begin(json);
	put_numbers(json, "lib", nr);
	json_key(json, "name");
	json_array_begin(json);
	for (size_t i = 0; i < nr; i++)
		json_uint(json, tables->nr_frames + i);
	json_array_end(json);
	put_nulls(json, "host", nr);
	put_constant(json, "type", nr, RESOURCE_LIBRARY);
	json_key_uint(json, "length", nr);
	json_object_end(json);
	json_key(json, "nativeSymbols");
	json_object_begin(json);
	put_numbers(json, "address", 0);
	put_numbers(json, "functionSize", 0);
	put_numbers(json, "libIndex", 0);
	put_numbers(json, "name", 0);
	json_key_uint(json, "length", 0);
	json_object_end(json);
	json_key(json, "sources");
	json_object_begin(json);
	json_key(json, "filename");
	json_array_begin(json);
	for (size_t i = 0; i < tables->nr_files; i++)
		json_uint(json, tables->nr_frames + tables->nr_modules + i);
	json_array_end(json);
	put_nulls(json, "uuid", tables->nr_files);
	json_key_uint(json, "length", tables->nr_files);
	json_object_end(json);
}

/* A root's own node is in the table too, but no stack of its thread goes through it. */
static void put_stacks(const struct tables *tables, const struct profile_root *roots)
{
	struct json_writer *json = tables->json;
	size_t nr, at = 0;
	const struct profile_node *nodes = profile_nodes(tables->profile, &nr);

	json_key(json, "stackTable");
	json_object_begin(json);
	json_key(json, "frame");
	json_array_begin(json);
	for (size_t i = 1; i < nr; i++)
		json_uint(json, (uint64_t)(nodes[i].frame - tables->frames));
	json_array_end(json);
	json_key(json, "prefix");
	json_array_begin(json);
	for (size_t i = 1; i < nr; i++) {
		while (i >= roots[at].end)
			at++;
		if (!nodes[i].parent || nodes[i].parent == roots[at].node)
			json_null(json);
		else
			json_uint(json, nodes[i].parent - 1);
	}
	json_array_end(json);
	json_key_uint(json, "length", nr - 1);
	json_object_end(json);
}

void firefox_put_tables(struct json_writer *json, const struct profile *profile,
			const struct profile_root *roots)
{
	struct tables tables = {.json = json, .profile = profile};

	tables_init(&tables);
	put_libs(&tables);
	json_key(json, "shared");
	json_object_begin(json);
	put_strings(&tables);
	put_stacks(&tables, roots);
	put_frame_table(&tables);
	put_func_table(&tables);
	put_resources(&tables);
	json_object_end(json);
	free(tables.modules);
	free(tables.files);
	free(tables.module_of);
	free(tables.file_of);
}
