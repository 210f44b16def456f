/* SPDX-License-Identifier: MIT */
/*
 * Firefox Profiler's processed format, version 60, packed with gzip: one thread for each root, its
 * stacks the nodes of the call tree, one weighted sample for each stack, and slice of time where
 * time was kept.
 */
#include "common/alloc.h"
#include "common/cleanup.h"
#include "flamegraph/capture.h"
#include "flamegraph/firefox_samples.h"
#include "flamegraph/firefox_tables.h"
#include "flamegraph/format.h"
#include "flamegraph/format_writers.h"
#include "flamegraph/gzip_stream.h"
#include "flamegraph/json_writer.h"
#include "flamegraph/page_text.h"
#include "flamegraph/profile.h"
#include "flamegraph/profile_roots.h"
#include "flamegraph/value_unit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define FORMAT_VERSION	 60
#define GECKO_VERSION	 24
#define DEFAULT_INTERVAL 1 /* milliseconds, for what is no time */

/* Milliseconds on the time axis for one of the profile's units. */
static double interval_of(const struct value_scale *scale)
{
	return scale->nanoseconds ? (double)scale->nanoseconds / 1e6 : DEFAULT_INTERVAL;
}

static void put_categories(struct json_writer *json)
{
	static const struct {
		const char *name, *colour;
	} categories[] = {
		{"Other", "grey"}, {"User", "yellow"}, {"Kernel", "orange"}, {"JIT", "green"}};

	json_key(json, "categories");
	json_array_begin(json);
	for (size_t i = 0; i < sizeof(categories) / sizeof(categories[0]); i++) {
		json_object_begin(json);
		json_key_string(json, "name", categories[i].name);
		json_key_string(json, "color", categories[i].colour);
		json_key(json, "subcategories");
		json_array_begin(json);
		json_string(json, "Other");
		json_array_end(json);
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_meta(struct json_writer *json, const struct profile *profile,
		     const struct format_options *options)
{
	const struct capture_info *info = profile_info(profile);
	const struct value_scale scale = value_scale_of(profile, options);
	_cleanup_free_ char *title = page_title(profile, options);
	bool tell = info && !options->no_metadata;

	json_key(json, "meta");
	json_object_begin(json);
	json_key_uint(json, "version", GECKO_VERSION);
	json_key_uint(json, "preprocessedProfileVersion", FORMAT_VERSION);
	/* How far a sample reaches in the graphs. */
	json_key_double(json, "interval",
			firefox_slice(profile) > 0 ? firefox_slice(profile) : interval_of(&scale),
			6);
	json_key_double(json, "startTime", tell ? (double)info->start_unix_ns / 1e6 : 0, 3);
	json_key_uint(json, "processType", 0);
	json_key_string(json, "product", title);
	json_key_string(json, "importedFrom", "ctrace");
	if (tell && info->kernel_release)
		json_key_string(json, "oscpu", info->kernel_release);
	json_key_uint(json, "stackwalk", 1);
	json_key_bool(json, "symbolicated", true);
	put_categories(json);
	json_key(json, "markerSchema");
	json_array_begin(json);
	json_array_end(json);
	json_key(json, "sampleUnits");
	json_object_begin(json);
	json_key_string(json, "time", "ms");
	json_key_string(json, "eventDelay", "ms");
	json_key_string(json, "threadCPUDelta", "ns");
	json_object_end(json);
	json_object_end(json);
}

static const char *weight_type(const struct value_scale *scale)
{
	switch (scale->unit) {
	case VALUE_NANOSECONDS:
	case VALUE_MICROSECONDS:
	case VALUE_MILLISECONDS:
	case VALUE_SECONDS:
		return "tracing-ms";
	case VALUE_BYTES:
		return "bytes";
	default:
		return "samples";
	}
}

/* Times weigh in milliseconds, whatever they were counted in. */
static void put_weight(struct json_writer *json, const struct value_scale *scale, uint64_t value)
{
	switch (scale->unit) {
	case VALUE_NANOSECONDS:
	case VALUE_MICROSECONDS:
	case VALUE_MILLISECONDS:
	case VALUE_SECONDS:
		json_double(json, (double)value * interval_of(scale), 6);
		break;
	default:
		json_uint(json, value);
	}
}

static void put_samples(struct json_writer *json, const struct profile *profile,
			const struct value_scale *scale, const struct profile_root *root)
{
	size_t nr;
	_cleanup_free_ struct firefox_sample *samples = firefox_samples(profile, root,
									interval_of(scale), &nr);

	json_key(json, "samples");
	json_object_begin(json);
	json_key(json, "stack");
	json_array_begin(json);
	for (size_t i = 0; i < nr; i++) {
		if (samples[i].node == root->node)
			json_null(json);
		else
			json_uint(json, samples[i].node - 1);
	}
	json_array_end(json);
	json_key(json, "time");
	json_array_begin(json);
	for (size_t i = 0; i < nr; i++)
		json_double(json, samples[i].time, 6);
	json_array_end(json);
	json_key(json, "weight");
	json_array_begin(json);
	for (size_t i = 0; i < nr; i++)
		put_weight(json, scale, samples[i].value);
	json_array_end(json);
	json_key_string(json, "weightType", weight_type(scale));
	json_key_uint(json, "length", nr);
	json_object_end(json);
}

static void put_markers(struct json_writer *json)
{
	static const char *const columns[] = {"data",	 "name",  "startTime",
					      "endTime", "phase", "category"};

	json_key(json, "markers");
	json_object_begin(json);
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		json_key(json, columns[i]);
		json_array_begin(json);
		json_array_end(json);
	}
	json_key_uint(json, "length", 0);
	json_object_end(json);
}

static void put_thread(struct json_writer *json, const struct profile *profile,
		       const struct value_scale *scale, const struct profile_root *root, size_t row)
{
	uint64_t pid = root->pid ? root->pid : row + 1;
	_cleanup_free_ char *pid_text = xasprintf("%" PRIu64, pid);

	json_object_begin(json);
	json_key_string(json, "processType", "default");
	json_key_string(json, "processName", root->comm);
	json_key_uint(json, "processStartupTime", 0);
	json_key(json, "processShutdownTime");
	json_null(json);
	json_key_uint(json, "registerTime", 0);
	json_key(json, "unregisterTime");
	json_null(json);
	json_key(json, "pausedRanges");
	json_array_begin(json);
	json_array_end(json);
	json_key_string(json, "name", root->name);
	json_key_bool(json, "isMainThread", !root->tid || root->tid == root->pid);
	json_key_string(json, "pid", pid_text);
	json_key_uint(json, "tid", root->tid ? root->tid : pid);
	put_samples(json, profile, scale, root);
	put_markers(json);
	json_object_end(json);
}

static int write_firefox(const struct profile *profile, const struct format_options *options,
			 FILE *out)
{
	const struct value_scale scale = value_scale_of(profile, options);
	struct profile_root *roots;
	struct json_writer json;
	FILE *packed;
	size_t nr;

	if (!profile_total(profile))
		return -ENODATA;
	packed = gzip_stream_open(out);
	roots = profile_roots(profile, &nr);
	json_init(&json, packed);
	json_object_begin(&json);
	put_meta(&json, profile, options);
	firefox_put_tables(&json, profile, roots);
	json_key(&json, "threads");
	json_array_begin(&json);
	for (size_t i = 0; i < nr; i++)
		put_thread(&json, profile, &scale, &roots[i], i);
	json_array_end(&json);
	json_object_end(&json);
	profile_roots_free(roots, nr);
	return fclose(packed) || ferror(out) ? -EIO : 0;
}

const struct format format_firefox = {
	.name = "firefox",
	.suffix = ".firefox.json.gz",
	.what = "Firefox Profiler (drop it on profiler.firefox.com)",
	.write = write_firefox,
};
