/* SPDX-License-Identifier: MIT */
/*
 * pprof's profile.proto, packed with gzip.  Written message by message: concatenated pieces of a
 * protobuf message are the message.  Threads and processes become labels; inlined frames lines of
 * the location they were inlined into.  There are no addresses: every name is known.
 */
#include "common/alloc.h"
#include "common/cleanup.h"
#include "flamegraph/capture.h"
#include "flamegraph/format.h"
#include "flamegraph/format_writers.h"
#include "flamegraph/gzip_stream.h"
#include "flamegraph/hash_index.h"
#include "flamegraph/pprof.pb-c.h"
#include "flamegraph/profile.h"
#include "flamegraph/profile_roots.h"
#include "flamegraph/profile_walk.h"
#include "flamegraph/utf8.h"
#include "flamegraph/value_unit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LABELS 5

/* A physical frame and what was inlined into it, or one step of that. */
struct location {
	uint32_t outer; /* location this one extends, or 0 */
	uint32_t frame;
	uint64_t id; /* 0 = not written yet */
};

struct pprof {
	const struct profile *profile;
	struct value_scale scale;
	const struct frame *frames;
	size_t nr_frames;
	FILE *out;
	uint8_t *packed;
	size_t cap_packed;

	char **strings;
	size_t nr_strings, cap_strings;
	struct hash_index string_index;
	const char **modules; /* mapping ids are rows + 1 */
	size_t nr_modules, cap_modules;
	struct location *locations; /* 0 is none */
	size_t nr_locations, cap_locations;
	struct hash_index location_index;
	uint64_t next_location_id;
	uint64_t *location_ids; /* of the stack under construction, leaf first when written */
	size_t cap_ids;
};

static void put(struct pprof *pprof, const Ctrace__Pprof__Profile *piece)
{
	size_t size = ctrace__pprof__profile__get_packed_size(piece);

	if (size > pprof->cap_packed) {
		pprof->cap_packed = size * 2;
		pprof->packed = xreallocarray(pprof->packed, pprof->cap_packed, 1);
	}
	ctrace__pprof__profile__pack(piece, pprof->packed);
	fwrite(pprof->packed, 1, size, pprof->out);
}

/* The string's index; the table is written as it grows. */
static int64_t string_id(struct pprof *pprof, const char *text)
{
	Ctrace__Pprof__Profile piece = CTRACE__PPROF__PROFILE__INIT;
	_cleanup_free_ char *valid = utf8_copy(text ? text : "");
	uint64_t hash = hash_text(pprof->string_index.seed, valid);
	struct hash_probe probe;
	uint32_t row;

	for (row = hash_index_first(&pprof->string_index, hash, &probe); row != HASH_INDEX_NONE;
	     row = hash_index_next(&pprof->string_index, &probe)) {
		if (!strcmp(pprof->strings[row], valid))
			return row;
	}
	GROW_ARRAY(pprof->strings, pprof->nr_strings, pprof->cap_strings);
	row = (uint32_t)pprof->nr_strings++;
	pprof->strings[row] = TAKE_PTR(valid);
	hash_index_insert(&pprof->string_index, hash, row);
	piece.n_string_table = 1;
	piece.string_table = &pprof->strings[row];
	put(pprof, &piece);
	return row;
}

static uint64_t mapping_id(struct pprof *pprof, const char *module)
{
	Ctrace__Pprof__Profile piece = CTRACE__PPROF__PROFILE__INIT;
	Ctrace__Pprof__Mapping mapping = CTRACE__PPROF__MAPPING__INIT;
	Ctrace__Pprof__Mapping *mappings[] = {&mapping};
	char build_id[2 * BUILD_ID_MAX + 1] = "";
	const struct build_id *id;

	if (!module)
		return 0;
	for (size_t i = 0; i < pprof->nr_modules; i++) {
		if (pprof->modules[i] == module)
			return i + 1;
	}
	GROW_ARRAY(pprof->modules, pprof->nr_modules, pprof->cap_modules);
	pprof->modules[pprof->nr_modules++] = module;
	id = profile_build_id(pprof->profile, module);
	for (size_t i = 0; id && i < id->size; i++)
		snprintf(build_id + 2 * i, 3, "%02x", id->data[i]);
	mapping.id = pprof->nr_modules;
	mapping.filename = string_id(pprof, module);
	mapping.build_id = string_id(pprof, build_id);
	/* All is said: pprof need not look for symbols. */
	mapping.has_functions = true;
	mapping.has_filenames = true;
	mapping.has_line_numbers = true;
	mapping.has_inline_frames = true;
	piece.n_mapping = 1;
	piece.mapping = mappings;
	put(pprof, &piece);
	return mapping.id;
}

static void put_function(struct pprof *pprof, size_t row)
{
	const struct frame *frame = &pprof->frames[row];
	Ctrace__Pprof__Profile piece = CTRACE__PPROF__PROFILE__INIT;
	Ctrace__Pprof__Function function = CTRACE__PPROF__FUNCTION__INIT;
	Ctrace__Pprof__Function *functions[] = {&function};

	function.id = row + 1;
	function.name = string_id(pprof, frame->name);
	function.system_name = string_id(pprof, frame->full_name ? frame->full_name : frame->name);
	function.filename = string_id(pprof, frame->file);
	piece.n_function = 1;
	piece.function = functions;
	put(pprof, &piece);
}

static uint32_t find_location(struct pprof *pprof, uint32_t outer, uint32_t frame)
{
	uint64_t hash = hash_u64(pprof->location_index.seed, (uint64_t)outer << 32 | frame);
	struct hash_probe probe;
	uint32_t row;

	for (row = hash_index_first(&pprof->location_index, hash, &probe); row != HASH_INDEX_NONE;
	     row = hash_index_next(&pprof->location_index, &probe)) {
		if (pprof->locations[row].outer == outer && pprof->locations[row].frame == frame)
			return row;
	}
	GROW_ARRAY(pprof->locations, pprof->nr_locations, pprof->cap_locations);
	row = (uint32_t)pprof->nr_locations++;
	pprof->locations[row] = (struct location){.outer = outer, .frame = frame};
	hash_index_insert(&pprof->location_index, hash, row);
	return row;
}

/* Written when a stack needs it: the steps on the way to an inlined frame are no locations. */
static uint64_t location_id(struct pprof *pprof, uint32_t row)
{
	Ctrace__Pprof__Profile piece = CTRACE__PPROF__PROFILE__INIT;
	Ctrace__Pprof__Location location = CTRACE__PPROF__LOCATION__INIT;
	Ctrace__Pprof__Location *locations[] = {&location};
	Ctrace__Pprof__Line *lines = NULL;
	Ctrace__Pprof__Line **line_list = NULL;
	uint32_t physical = row;
	size_t nr = 0;

	if (pprof->locations[row].id)
		return pprof->locations[row].id;
	for (uint32_t at = row; at; at = pprof->locations[at].outer)
		nr++;
	lines = xcalloc(nr, sizeof(*lines));
	line_list = xcalloc(nr, sizeof(*line_list));
	for (size_t i = 0; i < nr; i++) {
		const struct location *step = &pprof->locations[physical];

		ctrace__pprof__line__init(&lines[i]);
		lines[i].function_id = (uint64_t)step->frame + 1;
		lines[i].line = pprof->frames[step->frame].line;
		line_list[i] = &lines[i];
		physical = step->outer ? step->outer : physical;
	}
	location.id = pprof->locations[row].id = ++pprof->next_location_id;
	location.mapping_id = mapping_id(pprof,
					 pprof->frames[pprof->locations[physical].frame].module);
	location.n_line = nr;
	location.line = line_list;
	piece.n_location = 1;
	piece.location = locations;
	put(pprof, &piece);
	free(lines);
	free(line_list);
	return location.id;
}

/* Fills location_ids from the end on, so that the leaf comes first; returns how many. */
static size_t collect_locations(struct pprof *pprof, const struct profile_walk *walk, size_t skip)
{
	uint32_t current = 0;
	size_t nr = 0;

	if (walk->depth + 1 > pprof->cap_ids) {
		pprof->cap_ids = (walk->depth + 1) * 2;
		pprof->location_ids = xreallocarray(pprof->location_ids, pprof->cap_ids,
						    sizeof(*pprof->location_ids));
	}
	for (size_t i = skip; i < walk->depth; i++) {
		const struct frame *frame = walk->nodes[walk->path[i]].frame;
		uint32_t row = (uint32_t)(frame - pprof->frames);
		bool inlined = frame->kind == FRAME_KIND_INLINED && current;

		if (current && !inlined)
			pprof->location_ids[nr++] = location_id(pprof, current);
		current = find_location(pprof, inlined ? current : 0, row);
	}
	if (current)
		pprof->location_ids[nr++] = location_id(pprof, current);
	for (size_t i = 0; i < nr / 2; i++) {
		uint64_t id = pprof->location_ids[i];

		pprof->location_ids[i] = pprof->location_ids[nr - 1 - i];
		pprof->location_ids[nr - 1 - i] = id;
	}
	return nr;
}

static void add_label(struct pprof *pprof, Ctrace__Pprof__Sample *sample, const char *key,
		      const char *text, int64_t number)
{
	Ctrace__Pprof__Label *label = sample->label[sample->n_label++];

	ctrace__pprof__label__init(label);
	label->key = string_id(pprof, key);
	if (text)
		label->str = string_id(pprof, text);
	label->num = number;
}

static void add_labels(struct pprof *pprof, Ctrace__Pprof__Sample *sample,
		       const struct profile_root *root)
{
	if (!root->depth)
		return;
	add_label(pprof, sample, "comm", root->comm, 0);
	add_label(pprof, sample, "thread", root->name, 0);
	if (root->pid)
		add_label(pprof, sample, "pid", NULL, root->pid);
	if (root->tid)
		add_label(pprof, sample, "tid", NULL, root->tid);
	if (root->probe)
		add_label(pprof, sample, "probe", root->probe, 0);
}

static void put_sample(struct pprof *pprof, const struct profile_walk *walk,
		       const struct profile_root *root)
{
	Ctrace__Pprof__Profile piece = CTRACE__PPROF__PROFILE__INIT;
	Ctrace__Pprof__Sample sample = CTRACE__PPROF__SAMPLE__INIT;
	Ctrace__Pprof__Sample *samples[] = {&sample};
	Ctrace__Pprof__Label labels[MAX_LABELS];
	Ctrace__Pprof__Label *label_list[MAX_LABELS];
	uint64_t period = pprof->scale.period_ns;
	uint64_t value = walk->nodes[profile_walk_node(walk)].self;
	int64_t values[] = {(int64_t)value, (int64_t)(value * period)};

	if (period && value > INT64_MAX / period)
		values[1] = INT64_MAX;
	for (size_t i = 0; i < MAX_LABELS; i++)
		label_list[i] = &labels[i];
	sample.n_location_id = collect_locations(pprof, walk, root->depth);
	sample.location_id = pprof->location_ids;
	sample.n_value = period ? 2 : 1;
	sample.value = values;
	sample.label = label_list;
	add_labels(pprof, &sample, root);
	piece.n_sample = 1;
	piece.sample = samples;
	put(pprof, &piece);
}

static void add_type(struct pprof *pprof, Ctrace__Pprof__ValueType *type, const char *name,
		     const char *unit)
{
	ctrace__pprof__value_type__init(type);
	type->type = string_id(pprof, name);
	type->unit = string_id(pprof, unit);
}

static void add_types(struct pprof *pprof, Ctrace__Pprof__Profile *piece,
		      Ctrace__Pprof__ValueType *types)
{
	uint64_t period = pprof->scale.period_ns;

	piece->n_sample_type = 1;
	switch (pprof->scale.unit) {
	case VALUE_SAMPLES:
		add_type(pprof, &types[0], "samples", "count");
		break;
	case VALUE_NANOSECONDS:
		add_type(pprof, &types[0], "delay", "nanoseconds");
		break;
	case VALUE_MICROSECONDS:
		add_type(pprof, &types[0], "delay", "microseconds");
		break;
	case VALUE_MILLISECONDS:
		add_type(pprof, &types[0], "delay", "milliseconds");
		break;
	case VALUE_SECONDS:
		add_type(pprof, &types[0], "delay", "seconds");
		break;
	case VALUE_BYTES:
		add_type(pprof, &types[0], "space", "bytes");
		break;
	case VALUE_OTHER:
		add_type(pprof, &types[0], pprof->scale.name, "count");
		break;
	}
	if (!period)
		return;
	add_type(pprof, &types[1], "cpu", "nanoseconds");
	piece->n_sample_type = 2;
	piece->period_type = &types[1];
	piece->period = (int64_t)period;
	piece->default_sample_type = types[1].type;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The first mapping is taken for the program's own file. */
static void put_main_mapping(struct pprof *pprof, const struct capture_info *info)
{
	for (size_t i = 0; i < pprof->nr_frames && info->nr_argv; i++) {
		const char *module = pprof->frames[i].module;

		if (module && !strcmp(base_name(module), base_name(info->argv[0]))) {
			mapping_id(pprof, module);
			return;
		}
	}
}

static void put_head(struct pprof *pprof, bool no_metadata)
{
	const struct capture_info *info = profile_info(pprof->profile);
	Ctrace__Pprof__Profile piece = CTRACE__PPROF__PROFILE__INIT;
	Ctrace__Pprof__ValueType types[2];
	Ctrace__Pprof__ValueType *type_list[] = {&types[0], &types[1]};
	_cleanup_free_ int64_t *comments = NULL;

	string_id(pprof, "");
	add_types(pprof, &piece, types);
	piece.sample_type = type_list;
	if (info && !no_metadata) {
		comments = xcalloc(info->nr_argv + info->nr_probes + 1, sizeof(*comments));
		for (size_t i = 0; i < info->nr_probes; i++)
			comments[piece.n_comment++] = string_id(pprof, info->probes[i]);
		for (size_t i = 0; i < info->nr_argv; i++)
			comments[piece.n_comment++] = string_id(pprof, info->argv[i]);
		piece.comment = comments;
		piece.time_nanos = (int64_t)info->start_unix_ns;
		piece.duration_nanos = (int64_t)info->duration_ns;
	}
	put(pprof, &piece);
	if (info)
		put_main_mapping(pprof, info);
}

static void put_samples(struct pprof *pprof)
{
	size_t nr_roots, at = 0;
	struct profile_root *roots = profile_roots(pprof->profile, &nr_roots);
	struct profile_walk walk;

	profile_walk_init(&walk, pprof->profile);
	while (profile_walk_next(&walk)) {
		while (profile_walk_node(&walk) >= roots[at].end)
			at++;
		/* Above a root there is nothing counted. */
		if (walk.nodes[profile_walk_node(&walk)].self)
			put_sample(pprof, &walk, &roots[at]);
	}
	profile_walk_release(&walk);
	profile_roots_free(roots, nr_roots);
}

static void pprof_release(struct pprof *pprof)
{
	for (size_t i = 0; i < pprof->nr_strings; i++)
		free(pprof->strings[i]);
	hash_index_release(&pprof->string_index);
	hash_index_release(&pprof->location_index);
	free(pprof->strings);
	free(pprof->modules);
	free(pprof->locations);
	free(pprof->location_ids);
	free(pprof->packed);
}

static int write_pprof(const struct profile *profile, const struct format_options *options,
		       FILE *out)
{
	struct pprof pprof = {.profile = profile, .scale = value_scale_of(profile, options)};

	if (!profile_total(profile))
		return -ENODATA;
	pprof.out = gzip_stream_open(out);
	pprof.frames = profile_frames(profile, &pprof.nr_frames);
	hash_index_init(&pprof.string_index);
	hash_index_init(&pprof.location_index);
	GROW_ARRAY(pprof.locations, pprof.nr_locations, pprof.cap_locations);
	pprof.locations[pprof.nr_locations++] = (struct location){0};
	put_head(&pprof, options->no_metadata);
	for (size_t i = 0; i < pprof.nr_frames; i++)
		put_function(&pprof, i);
	put_samples(&pprof);
	pprof_release(&pprof);
	return fclose(pprof.out) || ferror(out) ? -EIO : 0;
}

const struct format format_pprof = {
	.name = "pprof",
	.suffix = ".pb.gz",
	.what = "pprof, for go tool pprof, Pyroscope, Parca, Grafana",
	.write = write_pprof,
};
