/* SPDX-License-Identifier: MIT */
#include "cli/run_figures.h"

#include "flamegraph/capture.h"

#include <string.h>

static const struct {
	const char *name, *text;
	bool complete;
} stops[] = {
#define X(name, json, complete, text) {json, text, complete},
	CTRACE_STOPS(X)
#undef X
};

static const struct {
	const char *name, *text;
} losses[] = {
#define X(name, json, text) {json, text},
	CTRACE_LOSSES(X)
#undef X
};

const char *stop_name(unsigned int stop)
{
	return stops[stop].name;
}

const char *stop_text(unsigned int stop)
{
	return stops[stop].text;
}

bool stop_is_complete(unsigned int stop)
{
	return stops[stop].complete;
}

const char *loss_name(unsigned int loss)
{
	return losses[loss].name;
}

const char *loss_text(unsigned int loss)
{
	return losses[loss].text;
}

void run_figures_from_record(const struct record_result *result, const char **probes,
			     size_t nr_probes, struct run_figures *ret_figures)
{
	*ret_figures = (struct run_figures){
		.record = result->stats, .live = true, .probes = probes, .nr_probes = nr_probes};
}

static void add_stop(struct record_stats *stats, const struct capture_counter *counter)
{
	if (counter->complete)
		stats->complete += counter->value;
	for (unsigned int i = 0; i < NR_UNWIND_STOPS; i++) {
		if (!strcmp(stops[i].name, counter->name))
			stats->stops[i] += counter->value;
	}
}

static void add_loss(struct record_stats *stats, const struct capture_counter *counter)
{
	for (unsigned int i = 0; i < NR_SAMPLE_LOSSES; i++) {
		if (!strcmp(losses[i].name, counter->name))
			stats->losses[i] += counter->value;
	}
}

void run_figures_from_capture(const struct capture *capture, struct run_figures *ret_figures)
{
	const struct capture_info *info = capture_info(capture);
	struct run_figures figures = {.probes = info->probes, .nr_probes = info->nr_probes};
	struct record_stats *stats = &figures.record;
	size_t nr_stacks;

	capture_stacks(capture, &nr_stacks);
	stats->stacks = nr_stacks;
	stats->duration_ns = info->duration_ns;
	stats->samples = info->samples;
	stats->lost = info->lost;
	stats->guessed_frames = info->guessed_frames;
	stats->frames = info->frames;
	for (size_t i = 0; i < info->nr_stops; i++)
		add_stop(stats, &info->stops[i]);
	for (size_t i = 0; i < info->nr_losses; i++)
		add_loss(stats, &info->losses[i]);
	*ret_figures = figures;
}
