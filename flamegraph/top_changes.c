/* SPDX-License-Identifier: MIT */
#include "flamegraph/top_changes.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/frame.h"
#include "flamegraph/call_graph.h"
#include "flamegraph/markup.h"
#include "flamegraph/profile.h"
#include "flamegraph/terminal.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_SHARE 0.005 /* percent; less is shown as none */

struct change {
	const struct call_graph_function *function;
	double before, after; /* percent, or counts */
};

static double size_of(const struct change *change)
{
	return fabs(change->after - change->before);
}

static int compare_changes(const void *a, const void *b)
{
	const struct change *left = a;
	const struct change *right = b;
	double first = size_of(left), second = size_of(right);

	if (first < second || first > second)
		return first < second ? 1 : -1;
	return (left->function > right->function) - (left->function < right->function);
}

static struct change *collect(const struct call_graph *graph, const struct profile *profile,
			      bool counts, size_t *ret_nr)
{
	struct change *changes = xcalloc(graph->nr_functions + 1, sizeof(*changes));
	uint64_t before = profile_before(profile)[0].total;
	uint64_t after = profile_total(profile);
	size_t nr = 0;

	for (size_t i = 0; i < graph->nr_functions; i++) {
		const struct call_graph_function *function = &graph->functions[i];
		struct change change = {.function = function,
					.before = (double)function->total_before,
					.after = (double)function->total};

		if (!counts) {
			change.before = markup_percent(function->total_before, before);
			change.after = markup_percent(function->total, after);
		}
		if (size_of(&change) >= LEAST_SHARE)
			changes[nr++] = change;
	}
	if (nr)
		qsort(changes, nr, sizeof(*changes), compare_changes);
	*ret_nr = nr;
	return changes;
}

static void put_change(const struct change *change, bool counts, bool colours, FILE *out)
{
	const struct frame *frame = change->function->frame;
	const char *slash = frame->module ? strrchr(frame->module, '/') : NULL;

	fputs(terminal_change_colour(colours, change->after - change->before), out);
	if (counts)
		fprintf(out, "%+12.0f%s %12.0f %12.0f  ", change->after - change->before,
			terminal_plain(colours), change->before, change->after);
	else
		fprintf(out, "%+7.2f%%%s  %6.2f%%  %6.2f%%  ", change->after - change->before,
			terminal_plain(colours), change->before, change->after);
	fputs(terminal_kind_colour(colours, frame->kind), out);
	terminal_put_name(out, frame->name);
	fputs(terminal_plain(colours), out);
	if (frame->module) {
		fputs("  ", out);
		terminal_put_name(out, slash ? slash + 1 : frame->module);
	}
	putc('\n', out);
}

size_t top_changes_put(const struct profile *profile, size_t max, bool counts, bool colours,
		       FILE *out)
{
	_cleanup_free_ struct change *changes = NULL;
	struct call_graph graph;
	size_t nr;

	call_graph_init(&graph, profile);
	changes = collect(&graph, profile, counts, &nr);
	for (size_t i = 0; i < nr && i < max; i++)
		put_change(&changes[i], counts, colours, out);
	call_graph_release(&graph);
	return nr;
}
