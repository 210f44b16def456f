/* SPDX-License-Identifier: MIT */
/*
 * Perfetto's protobuf trace: perf samples with interned call stacks.  Its viewer counts samples and
 * knows no weights, so a stack appears as often as it was counted.  What is counted in microseconds
 * or bytes would need millions: a trace has at most MIN_SAMPLES and SAMPLES_A_STACK for each stack,
 * and each then stands for a number of units, which the trace states as the sampling period.
 */
#include "common/alloc.h"
#include "common/cleanup.h"
#include "flamegraph/format.h"
#include "flamegraph/format_writers.h"
#include "flamegraph/perfetto.pb-c.h"
#include "flamegraph/profile.h"
#include "flamegraph/profile_roots.h"
#include "flamegraph/profile_walk.h"
#include "flamegraph/utf8.h"
#include "flamegraph/value_unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SAMPLES	1000000u
#define MIN_SAMPLES	1000u /* a permille can be told */
#define SAMPLES_A_STACK 64u
#define SEQUENCE_ID	1
#define CLOCK_BOOTTIME	6
#define DEFAULT_STEP	1000000 /* nanoseconds between samples of what is no time */

enum { SEQUENCE_CLEARED = 1, SEQUENCE_NEEDS_STATE = 2 };
enum { MODE_KERNEL = 1, MODE_USER = 2 };

struct perfetto {
	const struct profile *profile;
	const struct frame *frames;
	size_t nr_frames;
	FILE *out;
	uint8_t *packed;
	size_t cap_packed;
	uint64_t *module_iid; /* of each frame; 0 = none */
	uint64_t *stack;
	size_t cap_stack;
	uint64_t period_ns;
	char *unit_name;  /* UTF-8 */
	uint64_t unit;	  /* of the profile's, in one sample */
	uint64_t carried; /* below one sample, to be added to the next stack's */
	uint64_t time, step;
};

static void put(struct perfetto *perfetto, Ctrace__Perfetto__TracePacket *packet)
{
	Ctrace__Perfetto__Trace trace = CTRACE__PERFETTO__TRACE__INIT;
	Ctrace__Perfetto__TracePacket *packets[] = {packet};
	size_t size;

	packet->has_trusted_packet_sequence_id = true;
	packet->trusted_packet_sequence_id = SEQUENCE_ID;
	trace.n_packet = 1;
	trace.packet = packets;
	size = ctrace__perfetto__trace__get_packed_size(&trace);
	if (size > perfetto->cap_packed) {
		perfetto->cap_packed = size * 2;
		perfetto->packed = xreallocarray(perfetto->packed, perfetto->cap_packed, 1);
	}
	ctrace__perfetto__trace__pack(&trace, perfetto->packed);
	fwrite(perfetto->packed, 1, size, perfetto->out);
}

static void put_head(struct perfetto *perfetto)
{
	Ctrace__Perfetto__TracePacket packet = CTRACE__PERFETTO__TRACE_PACKET__INIT;
	Ctrace__Perfetto__TracePacketDefaults defaults =
		CTRACE__PERFETTO__TRACE_PACKET_DEFAULTS__INIT;
	Ctrace__Perfetto__PerfSampleDefaults samples = CTRACE__PERFETTO__PERF_SAMPLE_DEFAULTS__INIT;
	Ctrace__Perfetto__Timebase timebase = CTRACE__PERFETTO__TIMEBASE__INIT;
	uint64_t period_ns = perfetto->period_ns;

	if (period_ns && perfetto->unit == 1) {
		timebase.has_frequency = true;
		timebase.frequency = (1000000000 + period_ns / 2) / period_ns;
	} else {
		timebase.has_period = true;
		timebase.period = perfetto->unit;
	}
	timebase.name = perfetto->unit_name;
	samples.timebase = &timebase;
	defaults.perf_sample_defaults = &samples;
	packet.trace_packet_defaults = &defaults;
	packet.has_sequence_flags = true;
	packet.sequence_flags = SEQUENCE_CLEARED;
	packet.has_first_packet_on_sequence = true;
	packet.first_packet_on_sequence = true;
	put(perfetto, &packet);
}

static void put_interned(struct perfetto *perfetto, Ctrace__Perfetto__InternedData *interned)
{
	Ctrace__Perfetto__TracePacket packet = CTRACE__PERFETTO__TRACE_PACKET__INIT;

	packet.interned_data = interned;
	packet.has_sequence_flags = true;
	packet.sequence_flags = SEQUENCE_NEEDS_STATE;
	put(perfetto, &packet);
}

static void fill_string(Ctrace__Perfetto__InternedString *string, uint64_t iid, const void *data,
			size_t size)
{
	ctrace__perfetto__interned_string__init(string);
	string->has_iid = true;
	string->iid = iid;
	string->has_str = true;
	string->str.data = (uint8_t *)(uintptr_t)data;
	string->str.len = size;
}

static void put_mapping(struct perfetto *perfetto, const char *module, uint64_t iid)
{
	const struct build_id *id = profile_build_id(perfetto->profile, module);
	Ctrace__Perfetto__InternedData interned = CTRACE__PERFETTO__INTERNED_DATA__INIT;
	Ctrace__Perfetto__Mapping mapping = CTRACE__PERFETTO__MAPPING__INIT;
	Ctrace__Perfetto__InternedString path, build_id;
	Ctrace__Perfetto__InternedString *paths[] = {&path}, *build_ids[] = {&build_id};
	Ctrace__Perfetto__Mapping *mappings[] = {&mapping};
	_cleanup_free_ char *text = utf8_copy(module);

	fill_string(&path, iid, text, strlen(text));
	interned.n_mapping_paths = 1;
	interned.mapping_paths = paths;
	if (id) {
		fill_string(&build_id, iid, id->data, id->size);
		interned.n_build_ids = 1;
		interned.build_ids = build_ids;
		mapping.has_build_id = true;
		mapping.build_id = iid;
	}
	mapping.has_iid = true;
	mapping.iid = iid;
	mapping.n_path_string_ids = 1;
	mapping.path_string_ids = &iid;
	interned.n_mappings = 1;
	interned.mappings = mappings;
	put_interned(perfetto, &interned);
}

static void put_mappings(struct perfetto *perfetto)
{
	const char **modules = NULL;
	size_t nr = 0, cap = 0;

	perfetto->module_iid = xcalloc(perfetto->nr_frames + 1, sizeof(*perfetto->module_iid));
	for (size_t i = 0; i < perfetto->nr_frames; i++) {
		const char *module = perfetto->frames[i].module;
		size_t row = 0;

		if (!module)
			continue;
		while (row < nr && modules[row] != module)
			row++;
		if (row == nr) {
			GROW_ARRAY(modules, nr, cap);
			modules[nr++] = module;
			put_mapping(perfetto, module, nr);
		}
		perfetto->module_iid[i] = row + 1;
	}
	free(modules);
}

static void put_frame(struct perfetto *perfetto, size_t row)
{
	_cleanup_free_ char *text = utf8_copy(perfetto->frames[row].name);
	Ctrace__Perfetto__InternedData interned = CTRACE__PERFETTO__INTERNED_DATA__INIT;
	Ctrace__Perfetto__InternedString name;
	Ctrace__Perfetto__InternedString *names[] = {&name};
	Ctrace__Perfetto__Frame frame = CTRACE__PERFETTO__FRAME__INIT;
	Ctrace__Perfetto__Frame *frames[] = {&frame};

	fill_string(&name, row + 1, text, strlen(text));
	frame.has_iid = true;
	frame.iid = row + 1;
	frame.has_function_name_id = true;
	frame.function_name_id = row + 1;
	frame.has_mapping_id = perfetto->module_iid[row] != 0;
	frame.mapping_id = perfetto->module_iid[row];
	interned.n_function_names = 1;
	interned.function_names = names;
	interned.n_frames = 1;
	interned.frames = frames;
	put_interned(perfetto, &interned);
}

static uint32_t pid_of(const struct profile_root *root, size_t row)
{
	return root->pid ? root->pid : (uint32_t)row + 1;
}

static void put_track(struct perfetto *perfetto, const struct profile_root *root, size_t row)
{
	Ctrace__Perfetto__TracePacket packet = CTRACE__PERFETTO__TRACE_PACKET__INIT;
	Ctrace__Perfetto__TrackDescriptor track = CTRACE__PERFETTO__TRACK_DESCRIPTOR__INIT;
	Ctrace__Perfetto__ProcessDescriptor process = CTRACE__PERFETTO__PROCESS_DESCRIPTOR__INIT;
	Ctrace__Perfetto__ThreadDescriptor thread = CTRACE__PERFETTO__THREAD_DESCRIPTOR__INIT;
	_cleanup_free_ char *name = utf8_copy(root->comm);

	track.has_uuid = true;
	track.uuid = 2 * row + 1;
	process.has_pid = true;
	process.pid = (int32_t)pid_of(root, row);
	process.process_name = name;
	track.process = &process;
	packet.track_descriptor = &track;
	put(perfetto, &packet);
	track.uuid++;
	track.process = NULL;
	thread.has_pid = thread.has_tid = true;
	thread.pid = process.pid;
	thread.tid = root->tid ? (int32_t)root->tid : process.pid;
	thread.thread_name = name;
	track.thread = &thread;
	put(perfetto, &packet);
}

/* The call stack goes with its first sample. */
static void put_sample(struct perfetto *perfetto, const struct profile_walk *walk,
		       const struct profile_root *root, size_t row, bool first)
{
	uint32_t node = profile_walk_node(walk);
	Ctrace__Perfetto__TracePacket packet = CTRACE__PERFETTO__TRACE_PACKET__INIT;
	Ctrace__Perfetto__InternedData interned = CTRACE__PERFETTO__INTERNED_DATA__INIT;
	Ctrace__Perfetto__Callstack stack = CTRACE__PERFETTO__CALLSTACK__INIT;
	Ctrace__Perfetto__Callstack *stacks[] = {&stack};
	Ctrace__Perfetto__PerfSample sample = CTRACE__PERFETTO__PERF_SAMPLE__INIT;

	stack.has_iid = true;
	stack.iid = node;
	stack.n_frame_ids = walk->depth - root->depth;
	stack.frame_ids = perfetto->stack;
	interned.n_callstacks = 1;
	interned.callstacks = stacks;
	sample.has_cpu = sample.has_pid = sample.has_tid = true;
	sample.pid = pid_of(root, row);
	sample.tid = root->tid ? root->tid : sample.pid;
	sample.has_callstack_iid = sample.has_cpu_mode = sample.has_timebase_count = true;
	sample.callstack_iid = node;
	sample.cpu_mode = walk->nodes[node].frame->kind == FRAME_KIND_KERNEL ? MODE_KERNEL
									     : MODE_USER;
	sample.timebase_count = perfetto->time / perfetto->step * perfetto->unit;
	packet.has_timestamp = packet.has_timestamp_clock_id = true;
	packet.timestamp = perfetto->time;
	packet.timestamp_clock_id = CLOCK_BOOTTIME;
	packet.has_sequence_flags = true;
	packet.sequence_flags = SEQUENCE_NEEDS_STATE;
	packet.interned_data = first ? &interned : NULL;
	packet.perf_sample = &sample;
	put(perfetto, &packet);
	perfetto->time += perfetto->step;
}

static void put_stack(struct perfetto *perfetto, const struct profile_walk *walk,
		      const struct profile_root *root, size_t row)
{
	uint64_t value = walk->nodes[profile_walk_node(walk)].self + perfetto->carried;
	bool first = true;

	if (walk->depth > perfetto->cap_stack) {
		perfetto->cap_stack = walk->depth * 2;
		perfetto->stack = xreallocarray(perfetto->stack, perfetto->cap_stack,
						sizeof(*perfetto->stack));
	}
	for (size_t i = root->depth; i < walk->depth; i++)
		perfetto->stack[i - root->depth] =
			(uint64_t)(walk->nodes[walk->path[i]].frame - perfetto->frames) + 1;
	for (; value >= perfetto->unit; value -= perfetto->unit) {
		put_sample(perfetto, walk, root, row, first);
		first = false;
	}
	perfetto->carried = value;
}

static void put_stacks(struct perfetto *perfetto, const struct profile_root *roots)
{
	struct profile_walk walk;
	size_t row = 0;

	profile_walk_init(&walk, perfetto->profile);
	while (profile_walk_next(&walk)) {
		while (profile_walk_node(&walk) >= roots[row].end)
			row++;
		if (walk.nodes[profile_walk_node(&walk)].self)
			put_stack(perfetto, &walk, &roots[row], row);
	}
	profile_walk_release(&walk);
}

static uint64_t unit_of_sample(const struct profile *profile)
{
	size_t nr;
	const struct profile_node *nodes = profile_nodes(profile, &nr);
	uint64_t samples = MIN_SAMPLES;

	for (size_t i = 0; i < nr && samples < MAX_SAMPLES; i++)
		samples += nodes[i].self ? SAMPLES_A_STACK : 0;
	if (samples > MAX_SAMPLES)
		samples = MAX_SAMPLES;
	return (profile_total(profile) + samples - 1) / samples;
}

static int write_perfetto(const struct profile *profile, const struct format_options *options,
			  FILE *out)
{
	const struct value_scale scale = value_scale_of(profile, options);
	struct perfetto perfetto = {.profile = profile, .out = out, .period_ns = scale.period_ns};
	struct profile_root *roots;
	size_t nr;

	if (!profile_total(profile))
		return -ENODATA;
	perfetto.frames = profile_frames(profile, &perfetto.nr_frames);
	perfetto.unit = unit_of_sample(profile);
	perfetto.step = DEFAULT_STEP;
	/* The last sample's time fits, too. */
	if (scale.nanoseconds && profile_total(profile) < INT64_MAX / scale.nanoseconds)
		perfetto.step = scale.nanoseconds * perfetto.unit;
	perfetto.unit_name = utf8_copy(scale.name);
	roots = profile_roots(profile, &nr);
	put_head(&perfetto);
	for (size_t i = 0; i < nr; i++)
		put_track(&perfetto, &roots[i], i);
	put_mappings(&perfetto);
	for (size_t i = 0; i < perfetto.nr_frames; i++)
		put_frame(&perfetto, i);
	put_stacks(&perfetto, roots);
	profile_roots_free(roots, nr);
	free(perfetto.unit_name);
	free(perfetto.packed);
	free(perfetto.module_iid);
	free(perfetto.stack);
	return ferror(out) ? -EIO : 0;
}

const struct format format_perfetto = {
	.name = "perfetto",
	.suffix = ".perfetto-trace",
	.what = "Perfetto (ui.perfetto.dev)",
	.write = write_perfetto,
};
