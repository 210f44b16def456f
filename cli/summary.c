/* SPDX-License-Identifier: MIT */
#include "cli/summary.h"

#include "cli/run_figures.h"
#include "cli/terminal_lines.h"
#include "common/log.h"
#include "loader/probe.h"

#include <inttypes.h>
#include <stdio.h>

#define NS_PER_MS 1e6
#define NS_PER_S  1e9
/* The standard error of a share of 10 % is 3 points with this many. */
#define FEW_SAMPLES 100

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static const char *plural(uint64_t nr)
{
	return nr == 1 ? "" : "s";
}

static void print_losses(const struct record_stats *stats)
{
	if (!stats->lost)
		return;
	log_warning("%" PRIu64 " hits left no stack (%.2f %%)", stats->lost,
		    percent(stats->lost, stats->samples + stats->lost));
	for (unsigned int i = 0; i < NR_SAMPLE_LOSSES; i++) {
		if (stats->losses[i])
			log_warning("  %" PRIu64 ": %s", stats->losses[i], loss_text(i));
	}
}

static void print_stops(const struct record_stats *stats)
{
	for (unsigned int i = 0; i < NR_UNWIND_STOPS; i++) {
		if (stats->stops[i])
			log_verbose("stacks: %" PRIu64 " (%.2f %%) %s%s", stats->stops[i],
				    percent(stats->stops[i], stats->samples), stop_text(i),
				    stop_is_complete(i) ? "" : " [truncated]");
	}
	if (stats->samples)
		log_verbose("frames: %" PRIu64 ", %.1f a stack, %" PRIu64 " found without CFI",
			    stats->frames, (double)stats->frames / (double)stats->samples,
			    stats->guessed_frames);
}

static void print_costs(const struct run_figures *figures)
{
	const struct record_stats *stats = &figures->record;

	log_verbose("tables: %" PRIu64 " objects, %" PRIu64 " CFI rows in %" PRIu64
		    " bytes (%" PRIu64 " not expressed), built in %.1f ms, published in %.1f ms, "
		    "%.1f MB in the kernel",
		    stats->table_objects, stats->table_cfi_rows, stats->table_bytes,
		    stats->table_unsupported, (double)stats->table_build_ns / NS_PER_MS,
		    (double)stats->table_publish_ns / NS_PER_MS,
		    (double)stats->table_kernel_bytes / 1e6);
	if (stats->has_bpf && stats->bpf_runs)
		log_verbose("bpf: %" PRIu64 " runs, %.0f ns each", stats->bpf_runs,
			    (double)stats->bpf_ns / (double)stats->bpf_runs);
	log_verbose(
		"time: %.1f ms to the program's first instruction, %.1f ms to write the outputs",
		(double)stats->startup_ns / NS_PER_MS, (double)figures->finish_ns / NS_PER_MS);
}

/* Counted events are exact however few; samples of time are a poll. */
static bool is_poll(const struct run_figures *figures)
{
	for (size_t i = 0; i < figures->nr_probes; i++)
		if (!probe_spec_is_clock(figures->probes[i]))
			return false;
	return figures->nr_probes != 0;
}

static void print_few(const struct run_figures *figures)
{
	uint64_t samples = figures->record.samples;

	if (samples && samples < FEW_SAMPLES && is_poll(figures))
		log_info("%" PRIu64 " sample%s: too few to trust the shares; sample more often "
			 "(profile:hz:9999) or let it run longer",
			 samples, plural(samples));
}

static void print_none(const struct run_figures *figures)
{
	double seconds = (double)figures->record.duration_ns / NS_PER_S;

	if (figures->record.lost)
		log_warning("no samples: all hits were lost");
	else if (is_poll(figures))
		log_warning("no samples: the program used almost no CPU (ran %.2f s); try "
			    "profile:hz:9999",
			    seconds);
	else
		log_warning("no samples, so there is nothing to draw: the probes were not hit");
	log_info("0 samples in %.2f s", seconds);
}

void summary_print(const struct run_figures *figures, const char *hottest, const char *written)
{
	const struct record_stats *stats = &figures->record;

	print_losses(stats);
	print_stops(stats);
	if (figures->live)
		print_costs(figures);
	if (figures->symbols.addresses)
		log_verbose("symbols: %" PRIu64 " addresses, %" PRIu64 " named, in %.1f ms",
			    figures->symbols.addresses, figures->symbols.named,
			    (double)figures->symbols.ns / NS_PER_MS);
	if (!stats->samples) {
		print_none(figures);
		if (*written)
			log_info("wrote %s", written);
		return;
	}
	log_info("%" PRIu64 " sample%s in %.2f s, %.2f %% of the stacks complete, %" PRIu64
		 " lost, %" PRIu64 " different stack%s",
		 stats->samples, plural(stats->samples), (double)stats->duration_ns / NS_PER_S,
		 percent(stats->complete, stats->samples), stats->lost, stats->stacks,
		 plural(stats->stacks));
	print_few(figures);
	if (*hottest) {
		log_info("hottest functions, alone and with all they call:");
		terminal_lines_put(hottest, terminal_lines_width(stderr), stderr);
	}
	if (*written)
		log_info("wrote %s", written);
}
