/* SPDX-License-Identifier: MIT */
#include "flamegraph/capture.h"
#include "loader/launch.h"
#include "loader/object_set.h"
#include "loader/process_set.h"
#include "loader/programs.h"
#include "loader/recording.h"
#include "loader/stack_store.h"
#include "loader/table_store.h"

#include <sys/utsname.h>
#include <unistd.h>

static void fill_stops(struct capture *c, const struct record_stats *s)
{
	static const struct {
		const char *name;
		bool complete;
	} stops[NR_UNWIND_STOPS] = {
#define X(name, json, whole, text) {json, whole},
		CTRACE_STOPS(X)
#undef X
	};
	static const char *const losses[NR_SAMPLE_LOSSES] = {
#define X(name, json, text) json,
		CTRACE_LOSSES(X)
#undef X
	};
	struct capture_info *info = capture_get_info(c);

	info->nr_stops = NR_UNWIND_STOPS;
	info->stops = capture_array(c, NR_UNWIND_STOPS, sizeof(*info->stops));
	for (int i = 0; i < NR_UNWIND_STOPS; i++)
		info->stops[i] = (struct capture_counter){
			.name = capture_string(c, stops[i].name),
			.value = s->stops[i],
			.complete = stops[i].complete,
		};
	info->nr_losses = NR_SAMPLE_LOSSES;
	info->losses = capture_array(c, NR_SAMPLE_LOSSES, sizeof(*info->losses));
	for (int i = 0; i < NR_SAMPLE_LOSSES; i++)
		info->losses[i] = (struct capture_counter){
			.name = capture_string(c, losses[i]),
			.value = s->losses[i],
		};
}

static void fill_host(struct capture *c)
{
	struct capture_info *info = capture_get_info(c);
	struct utsname u;

	info->ctrace_version = capture_string(c, CTRACE_VERSION);
	if (uname(&u) == 0) {
		info->host = capture_string(c, u.nodename);
		info->kernel_release = capture_string(c, u.release);
		info->machine = capture_string(c, u.machine);
	}
	info->nr_cpus = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
	info->unit = capture_string(c, "samples");
}

static void fill_command(struct capture *c, const struct recording *r)
{
	struct capture_info *info = capture_get_info(c);
	char *const *argv = r->options->argv;

	for (info->nr_argv = 0; argv && argv[info->nr_argv];)
		info->nr_argv++;
	info->argv = capture_array(c, info->nr_argv, sizeof(*info->argv));
	for (size_t i = 0; i < info->nr_argv; i++)
		info->argv[i] = capture_string(c, argv[i]);
	info->nr_probes = r->nr_probes;
	info->probes = capture_array(c, r->nr_probes, sizeof(*info->probes));
	for (size_t i = 0; i < r->nr_probes; i++)
		info->probes[i] = capture_string(c, probe_text(r->probes[i]));
	if (r->nr_probes == 1)
		info->period_ns = probe_period_ns(r->probes[0]);
}

static void fill_counters(const struct recording *r, const struct walk_counters *c,
			  struct record_stats *s)
{
	struct programs_usage usage = {};

	programs_usage(r->programs, &usage);
	s->samples = c->samples;
	s->frames = c->frames;
	s->guessed_frames = c->guessed_frames;
	for (int i = 0; i < NR_UNWIND_STOPS; i++)
		s->stops[i] = c->stops[i];
	for (int i = 0; i < NR_SAMPLE_LOSSES; i++)
		s->losses[i] = c->losses[i];
	s->losses[LOSS_RECURSION] += usage.recursion_misses;
	s->losses[LOSS_MAP_FULL] += stack_store_orphans(r->stacks);
	for (size_t i = 0; i < r->nr_probes; i++)
		s->losses[LOSS_THROTTLED] += probe_throttled(r->probes[i]);
	for (int i = 0; i < NR_SAMPLE_LOSSES; i++)
		s->lost += s->losses[i];
#define X(name, json, whole, text) s->complete += (whole) ? s->stops[STOP_##name] : 0;
	CTRACE_STOPS(X)
#undef X
	s->has_bpf = r->statistics_fd >= 0 || programs_statistics_enabled();
	s->bpf_runs = usage.runs;
	s->bpf_ns = usage.ns;
}

static void fill_tables(const struct recording *r, struct record_stats *s)
{
	struct object_stats o;

	object_set_stats(r->objects, &o);
	s->table_objects = o.objects;
	s->table_cfi_rows = o.cfi_rows;
	s->table_rows = o.rows;
	s->table_bytes = o.bytes;
	s->table_unsupported = o.unsupported_rows;
	s->table_build_ns = o.build_ns;
	s->table_publish_ns = o.publish_ns;
	s->table_kernel_bytes = programs_kernel_bytes(r->programs) +
				table_store_kernel_bytes(r->tables) +
				process_set_kernel_bytes(r->processes);
}

int record_fill_info(const struct recording *r, struct record_result *result)
{
	struct capture_info *info = capture_get_info(result->capture);
	struct record_stats *s = &result->stats;
	struct walk_counters counters;
	int err = record_counters(r, &counters);

	if (err < 0)
		return err;
	s->duration_ns = r->ended_ns - r->began_ns;
	if (r->has_target)
		s->startup_ns = r->began_ns - launch_fork_time_ns(r->launch);
	s->stacks = stack_store_count(r->stacks);
	fill_counters(r, &counters, s);
	fill_tables(r, s);
	fill_host(result->capture);
	fill_command(result->capture, r);
	fill_stops(result->capture, s);
	info->start_unix_ns = r->start_unix_ns;
	info->duration_ns = s->duration_ns;
	info->slice_ns = r->options->slice_ns;
	info->samples = s->samples;
	info->lost = s->lost;
	info->guessed_frames = s->guessed_frames;
	info->frames = s->frames;
	return 0;
}
