/* SPDX-License-Identifier: MIT */
#include "cli/stats_json.h"

#include "cli/run_figures.h"
#include "common/log.h"
#include "flamegraph/json_writer.h"

#include <errno.h>

#define STATS_VERSION 1

int stats_json_open(const char *path, struct output_file **ret_file)
{
	int err;

	if (!path) {
		*ret_file = NULL;
		return 0;
	}
	err = output_file_open(path, ret_file);
	if (err < 0)
		log_error("cannot write '%s': %s", path, output_file_error(err));
	return err;
}

static void write_ledger(struct json_writer *json, const struct record_stats *stats)
{
	json_key_uint(json, "samples", stats->samples);
	json_key_uint(json, "lost", stats->lost);
	json_key(json, "lost_by");
	json_object_begin(json);
	for (unsigned int i = 0; i < NR_SAMPLE_LOSSES; i++)
		json_key_uint(json, loss_name(i), stats->losses[i]);
	json_object_end(json);
	json_key_uint(json, "complete", stats->complete);
	json_key(json, "stops");
	json_object_begin(json);
	for (unsigned int i = 0; i < NR_UNWIND_STOPS; i++)
		json_key_uint(json, stop_name(i), stats->stops[i]);
	json_object_end(json);
	json_key_uint(json, "guessed_frames", stats->guessed_frames);
	json_key_uint(json, "frames", stats->frames);
	json_key_uint(json, "stacks", stats->stacks);
}

static double ratio(uint64_t whole, uint64_t parts)
{
	return parts ? (double)whole / (double)parts : 0;
}

static void write_bpf(struct json_writer *json, const struct record_stats *stats)
{
	json_key(json, "bpf");
	if (!stats->has_bpf) {
		json_null(json);
		return;
	}
	json_object_begin(json);
	json_key_uint(json, "runs", stats->bpf_runs);
	json_key_uint(json, "ns", stats->bpf_ns);
	json_key_double(json, "ns_per_sample", ratio(stats->bpf_ns, stats->samples), 1);
	json_key_double(json, "ns_per_frame", ratio(stats->bpf_ns, stats->frames), 1);
	json_object_end(json);
}

static void write_tables(struct json_writer *json, const struct record_stats *stats)
{
	json_key(json, "tables");
	json_object_begin(json);
	json_key_uint(json, "objects", stats->table_objects);
	json_key_uint(json, "cfi_rows", stats->table_cfi_rows);
	json_key_uint(json, "rows", stats->table_rows);
	json_key_uint(json, "bytes", stats->table_bytes);
	json_key_uint(json, "unsupported_rows", stats->table_unsupported);
	json_key_uint(json, "build_ns", stats->table_build_ns);
	json_key_uint(json, "publish_ns", stats->table_publish_ns);
	json_key_uint(json, "kernel_bytes", stats->table_kernel_bytes);
	json_object_end(json);
}

static void write_symbols(struct json_writer *json, const struct symbol_figures *symbols)
{
	json_key(json, "symbols");
	json_object_begin(json);
	json_key_uint(json, "addresses", symbols->addresses);
	json_key_uint(json, "named", symbols->named);
	json_key_uint(json, "unnamed", symbols->unnamed);
	json_key_uint(json, "inlined_frames", symbols->inlined_frames);
	json_key_uint(json, "ns", symbols->ns);
	json_object_end(json);
}

static void write_all(struct json_writer *json, const struct run_figures *figures)
{
	json_object_begin(json);
	json_key_uint(json, "version", STATS_VERSION);
	json_key(json, "probes");
	json_array_begin(json);
	for (size_t i = 0; i < figures->nr_probes; i++)
		json_string(json, figures->probes[i]);
	json_array_end(json);
	json_key_uint(json, "duration_ns", figures->record.duration_ns);
	write_ledger(json, &figures->record);
	write_bpf(json, &figures->record);
	write_tables(json, &figures->record);
	json_key_uint(json, "startup_ns", figures->record.startup_ns);
	json_key_uint(json, "finish_ns", figures->finish_ns);
	write_symbols(json, &figures->symbols);
	json_object_end(json);
}

int stats_json_write(const struct run_figures *figures, struct output_file *file)
{
	struct json_writer json;
	int err;

	json_init(&json, output_file_stream(file));
	json.pretty = true;
	write_all(&json, figures);
	fputc('\n', output_file_stream(file));
	err = output_file_finish(file);
	if (!err)
		err = output_file_commit(file);
	if (err < 0)
		log_error("cannot write '%s': %s", output_file_path(file), output_file_error(err));
	return err;
}
