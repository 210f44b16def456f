/* SPDX-License-Identifier: MIT */
/*
 * speedscope's own JSON, one profile for each process or thread.  Its importers of other formats
 * lose inlined frames; here they are frames like others.
 */
#include "common/alloc.h"
#include "common/cleanup.h"
#include "flamegraph/capture.h"
#include "flamegraph/format.h"
#include "flamegraph/format_writers.h"
#include "flamegraph/hash_index.h"
#include "flamegraph/json_writer.h"
#include "flamegraph/page_text.h"
#include "flamegraph/profile.h"
#include "flamegraph/profile_roots.h"
#include "flamegraph/profile_walk.h"
#include "flamegraph/value_unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct speedscope {
	const struct profile *profile;
	const struct frame *frames;
	size_t nr_frames;
	const char *unit;
	uint32_t *index; /* of each frame: speedscope tells them apart by name and file */
	struct json_writer json;
};

/* There is one field for where a function is: its source, or else its object. */
static const char *place_of(const struct frame *frame)
{
	return frame->file ? frame->file : frame->module;
}

static bool looks_same(const struct frame *a, const struct frame *b)
{
	return !strcmp(a->name, b->name) && place_of(a) == place_of(b) && a->line == b->line;
}

static uint32_t *number_frames(struct speedscope *out, uint32_t *first_rows, uint32_t *ret_nr)
{
	uint32_t *index = xcalloc(out->nr_frames + 1, sizeof(*index));
	uint32_t nr = 0;
	struct hash_index seen;

	hash_index_init(&seen);
	for (size_t i = 0; i < out->nr_frames; i++) {
		const struct frame *frame = &out->frames[i];
		uint64_t hash = hash_u64(
			hash_text(hash_text(seen.seed, frame->name), place_of(frame)), frame->line);
		struct hash_probe probe;
		uint32_t row = hash_index_first(&seen, hash, &probe);

		while (row != HASH_INDEX_NONE && !looks_same(&out->frames[first_rows[row]], frame))
			row = hash_index_next(&seen, &probe);
		if (row == HASH_INDEX_NONE) {
			row = nr++;
			first_rows[row] = (uint32_t)i;
			hash_index_insert(&seen, hash, row);
		}
		index[i] = row;
	}
	hash_index_release(&seen);
	*ret_nr = nr;
	return index;
}

static void put_frames(struct speedscope *out)
{
	_cleanup_free_ uint32_t *first_rows = xcalloc(out->nr_frames + 1, sizeof(*first_rows));
	struct json_writer *json = &out->json;
	uint32_t nr;

	out->index = number_frames(out, first_rows, &nr);
	json_key(json, "shared");
	json_object_begin(json);
	json_key(json, "frames");
	json_array_begin(json);
	for (uint32_t i = 0; i < nr; i++) {
		const struct frame *frame = &out->frames[first_rows[i]];

		json_object_begin(json);
		json_key_string(json, "name", frame->name);
		if (place_of(frame))
			json_key_string(json, "file", place_of(frame));
		if (frame->line)
			json_key_uint(json, "line", frame->line);
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}

static const char *unit_of(enum value_unit unit)
{
	switch (unit) {
	case VALUE_NANOSECONDS:
		return "nanoseconds";
	case VALUE_MICROSECONDS:
		return "microseconds";
	case VALUE_MILLISECONDS:
		return "milliseconds";
	case VALUE_SECONDS:
		return "seconds";
	case VALUE_BYTES:
		return "bytes";
	default:
		return "none";
	}
}

static void put_samples(struct speedscope *out, const struct profile_root *root)
{
	struct json_writer *json = &out->json;
	struct profile_walk walk;

	json_key(json, "samples");
	json_array_begin(json);
	profile_walk_init(&walk, out->profile);
	while (profile_walk_next(&walk)) {
		uint32_t node = profile_walk_node(&walk);

		if (node < root->node || node >= root->end || !walk.nodes[node].self)
			continue;
		json_array_begin(json);
		for (size_t i = root->depth; i < walk.depth; i++)
			json_uint(json, out->index[walk.nodes[walk.path[i]].frame - out->frames]);
		json_array_end(json);
	}
	profile_walk_release(&walk);
	json_array_end(json);
}

static void put_weights(struct speedscope *out, const struct profile_root *root)
{
	struct json_writer *json = &out->json;
	size_t nr;
	const struct profile_node *nodes = profile_nodes(out->profile, &nr);

	json_key(json, "weights");
	json_array_begin(json);
	for (uint32_t node = root->node ? root->node : 1; node < root->end; node++) {
		if (nodes[node].self)
			json_uint(json, nodes[node].self);
	}
	json_array_end(json);
}

static void put_profile(struct speedscope *out, const struct profile_root *root)
{
	struct json_writer *json = &out->json;
	_cleanup_free_ char *name = root->probe ? xasprintf("%s, %s", root->name, root->probe)
						: xstrdup(root->name);

	json_object_begin(json);
	json_key_string(json, "type", "sampled");
	json_key_string(json, "name", name);
	json_key_string(json, "unit", out->unit);
	json_key_uint(json, "startValue", 0);
	json_key_uint(json, "endValue", root->total);
	put_samples(out, root);
	put_weights(out, root);
	json_object_end(json);
}

/* Everything first, then one by one when there is more than one. */
static void put_profiles(struct speedscope *out)
{
	size_t nr;
	struct profile_root *roots = profile_roots(out->profile, &nr);
	size_t nr_nodes;
	struct profile_root all = {.name = "all", .total = profile_total(out->profile)};

	profile_nodes(out->profile, &nr_nodes);
	all.end = (uint32_t)nr_nodes;
	json_key(&out->json, "profiles");
	json_array_begin(&out->json);
	if (nr > 1)
		put_profile(out, &all);
	for (size_t i = 0; i < nr; i++)
		put_profile(out, &roots[i]);
	json_array_end(&out->json);
	profile_roots_free(roots, nr);
}

static int write_speedscope(const struct profile *profile, const struct format_options *options,
			    FILE *file)
{
	_cleanup_free_ char *title = page_title(profile, options);
	struct speedscope out = {.profile = profile};

	if (!profile_total(profile))
		return -ENODATA;
	out.unit = unit_of(value_scale_of(profile, options).unit);
	out.frames = profile_frames(profile, &out.nr_frames);
	json_init(&out.json, file);
	json_object_begin(&out.json);
	json_key_string(&out.json, "$schema", "https://www.speedscope.app/file-format-schema.json");
	json_key_string(&out.json, "exporter", "ctrace@" CTRACE_VERSION);
	json_key_string(&out.json, "name", title);
	json_key_uint(&out.json, "activeProfileIndex", 0);
	put_frames(&out);
	put_profiles(&out);
	json_object_end(&out.json);
	putc('\n', file);
	free(out.index);
	return ferror(file) ? -EIO : 0;
}

const struct format format_speedscope = {
	.name = "speedscope",
	.suffix = ".speedscope.json",
	.what = "speedscope.app",
	.write = write_speedscope,
};
