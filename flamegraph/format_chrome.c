/* SPDX-License-Identifier: MIT */
/*
 * Chrome's trace events, for chrome://tracing and Perfetto: every node of the call tree is a slice
 * as long as its total.  What was sampled has no order in time; the slices stand side by side.
 */
#include "common/alloc.h"
#include "common/cleanup.h"
#include "flamegraph/format.h"
#include "flamegraph/format_writers.h"
#include "flamegraph/json_writer.h"
#include "flamegraph/profile.h"
#include "flamegraph/profile_roots.h"
#include "flamegraph/profile_walk.h"
#include "flamegraph/value_unit.h"

#include <errno.h>
#include <stdlib.h>

struct chrome {
	const struct profile *profile;
	struct json_writer json;
	double microseconds; /* of one of the profile's units */
	uint64_t *begin;     /* where the next child of each level begins */
	size_t cap;
};

/* Ids that the recording did not tell are made up, one for each root. */
static uint64_t pid_of(const struct profile_root *root, size_t row)
{
	return root->pid ? root->pid : row + 1;
}

static uint64_t tid_of(const struct profile_root *root, size_t row)
{
	return root->tid ? root->tid : pid_of(root, row);
}

static void put_name(struct chrome *chrome, const char *what, const char *name,
		     const struct profile_root *root, size_t row)
{
	struct json_writer *json = &chrome->json;

	json_object_begin(json);
	json_key_string(json, "ph", "M");
	json_key_uint(json, "pid", pid_of(root, row));
	json_key_uint(json, "tid", tid_of(root, row));
	json_key_uint(json, "ts", 0);
	json_key_string(json, "name", what);
	json_key(json, "args");
	json_object_begin(json);
	json_key_string(json, "name", name);
	json_object_end(json);
	json_object_end(json);
}

static const char *category(const struct frame *frame)
{
	switch (frame->kind) {
	case FRAME_KIND_KERNEL:
		return "kernel";
	case FRAME_KIND_INLINED:
		return "inlined";
	case FRAME_KIND_JIT:
		return "jit";
	default:
		return "user";
	}
}

static void put_slice(struct chrome *chrome, const struct profile_root *root, size_t row,
		      const struct profile_node *node, uint64_t begin)
{
	const struct frame *frame = node->frame;
	struct json_writer *json = &chrome->json;

	json_object_begin(json);
	json_key_string(json, "ph", "X");
	json_key_uint(json, "pid", pid_of(root, row));
	json_key_uint(json, "tid", tid_of(root, row));
	json_key_double(json, "ts", (double)begin * chrome->microseconds, 3);
	json_key_double(json, "dur", (double)node->total * chrome->microseconds, 3);
	json_key_string(json, "name", frame->name);
	json_key_string(json, "cat", category(frame));
	if (frame->module || frame->file) {
		json_key(json, "args");
		json_object_begin(json);
		if (frame->module)
			json_key_string(json, "module", frame->module);
		if (frame->file)
			json_key_string(json, "file", frame->file);
		if (frame->line)
			json_key_uint(json, "line", frame->line);
		json_object_end(json);
	}
	json_object_end(json);
}

static void reserve_level(struct chrome *chrome, size_t depth)
{
	if (depth + 1 < chrome->cap)
		return;
	chrome->cap = depth * 2 + 64;
	chrome->begin = xreallocarray(chrome->begin, chrome->cap, sizeof(*chrome->begin));
}

/* Every root begins at 0 on a track of its own. */
static void put_slices(struct chrome *chrome, const struct profile_root *roots)
{
	struct profile_walk walk;
	size_t row = 0, last_row = SIZE_MAX;

	profile_walk_init(&walk, chrome->profile);
	while (profile_walk_next(&walk)) {
		uint32_t index = profile_walk_node(&walk);
		const struct profile_node *node = &walk.nodes[index];
		uint64_t begin;

		while (index >= roots[row].end)
			row++;
		reserve_level(chrome, walk.depth);
		if (row != last_row) {
			chrome->begin[walk.depth] = 0;
			chrome->begin[roots[row].depth + 1] = 0;
			last_row = row;
		}
		begin = chrome->begin[walk.depth];
		chrome->begin[walk.depth] += node->total;
		chrome->begin[walk.depth + 1] = begin;
		if (index == roots[row].node)
			chrome->begin[walk.depth + 1] = 0;
		if (walk.depth > roots[row].depth)
			put_slice(chrome, &roots[row], row, node, begin);
	}
	profile_walk_release(&walk);
}

static int write_chrome(const struct profile *profile, const struct format_options *options,
			FILE *out)
{
	struct chrome chrome = {.profile = profile, .microseconds = 1};
	const struct value_scale scale = value_scale_of(profile, options);
	struct profile_root *roots;
	size_t nr;

	if (!profile_total(profile))
		return -ENODATA;
	if (scale.nanoseconds)
		chrome.microseconds = (double)scale.nanoseconds / 1000;
	roots = profile_roots(profile, &nr);
	json_init(&chrome.json, out);
	json_object_begin(&chrome.json);
	json_key(&chrome.json, "traceEvents");
	json_array_begin(&chrome.json);
	for (size_t i = 0; i < nr; i++) {
		put_name(&chrome, "process_name", roots[i].comm, &roots[i], i);
		put_name(&chrome, "thread_name", roots[i].name, &roots[i], i);
	}
	put_slices(&chrome, roots);
	json_array_end(&chrome.json);
	json_key_string(&chrome.json, "displayTimeUnit", "ns");
	json_key(&chrome.json, "otherData");
	json_object_begin(&chrome.json);
	json_key_string(&chrome.json, "unit", scale.name);
	json_object_end(&chrome.json);
	json_object_end(&chrome.json);
	putc('\n', out);
	profile_roots_free(roots, nr);
	free(chrome.begin);
	return ferror(out) ? -EIO : 0;
}

const struct format format_chrome = {
	.name = "chrome",
	.suffix = ".chrome.json",
	.what = "Chrome trace events, for Perfetto and chrome://tracing",
	.write = write_chrome,
};
