/* SPDX-License-Identifier: MIT */
#include "cli/function_lines.h"

#include "cli/location_names.h"
#include "common/alloc.h"
#include "common/frame.h"
#include "flamegraph/capture.h"
#include "flamegraph/profile.h"

#include <stdlib.h>

/* By id of a frame, with its line or, of the function, without. */
struct weighed {
	uint64_t weight;
	struct frame heaviest; /* of functions */
	uint64_t most;
};

struct function_lines {
	struct profile *frames; /* only to give equal frames one id */
	struct weighed *weighed;
	size_t nr, cap;
};

static struct weighed *weighed_of(struct function_lines *lines, const struct frame *frame)
{
	uint32_t id = profile_frame(lines->frames, frame);

	while (lines->nr <= id) {
		GROW_ARRAY(lines->weighed, lines->nr, lines->cap);
		lines->weighed[lines->nr++] = (struct weighed){0};
	}
	return &lines->weighed[id];
}

static struct frame function_of(const struct frame *frame)
{
	struct frame function = *frame;

	function.file = NULL;
	function.line = 0;
	return function;
}

static void weigh_frame(struct function_lines *lines, const struct frame *frame, uint64_t weight)
{
	const struct frame function = function_of(frame);
	struct weighed *weighed;
	uint64_t sum;

	if (!frame->file)
		return;
	weighed = weighed_of(lines, frame);
	weighed->weight += weight;
	sum = weighed->weight;
	weighed = weighed_of(lines, &function);
	if (sum < weighed->most)
		return;
	weighed->most = sum;
	weighed->heaviest = *frame;
}

/* How much was counted at each location, recursion each time. */
static uint64_t *weigh_locations(const struct capture *capture, size_t nr_locations)
{
	size_t nr;
	const struct capture_stack *stacks = capture_stacks(capture, &nr);
	uint64_t *weights = xcalloc(nr_locations + 1, sizeof(*weights));

	for (size_t i = 0; i < nr; i++) {
		for (uint32_t at = 0; at < stacks[i].nr_locations; at++)
			weights[stacks[i].locations[at]] += stacks[i].weight;
	}
	return weights;
}

struct function_lines *function_lines_new(const struct capture *capture,
					  const struct location_names *names)
{
	struct function_lines *lines = xcalloc(1, sizeof(*lines));
	_cleanup_free_ uint64_t *weights = NULL;
	size_t nr_locations;

	capture_locations(capture, &nr_locations);
	weights = weigh_locations(capture, nr_locations);
	lines->frames = profile_new();
	for (size_t l = 0; l < nr_locations; l++) {
		uint32_t nr;
		const struct frame *frames = location_names_get(names, (uint32_t)l, &nr);

		for (uint32_t i = 0; i < nr; i++)
			weigh_frame(lines, &frames[i], weights[l]);
	}
	return lines;
}

void function_lines_free(struct function_lines *lines)
{
	if (!lines)
		return;
	profile_free(lines->frames);
	free(lines->weighed);
	free(lines);
}

void function_lines_apply(struct function_lines *lines, struct frame *frame)
{
	const struct frame function = function_of(frame);
	const struct weighed *weighed = weighed_of(lines, &function);

	frame->file = weighed->heaviest.file;
	frame->line = weighed->heaviest.line;
}
