/* SPDX-License-Identifier: MIT */
#include "flamegraph/top_functions.h"

#include "common/cleanup.h"
#include "common/frame.h"
#include "flamegraph/call_graph.h"
#include "flamegraph/markup.h"
#include "flamegraph/profile.h"
#include "flamegraph/terminal.h"

#include <string.h>

static void put_row(const struct call_graph_function *row, uint64_t whole, bool colours, FILE *out)
{
	const char *slash = row->frame->module ? strrchr(row->frame->module, '/') : NULL;
	double self = markup_percent(row->self, whole);

	fprintf(out, "%s%6.2f%%%s  %6.2f%%  %s", terminal_share_colour(colours, self), self,
		terminal_plain(colours), markup_percent(row->total, whole),
		terminal_kind_colour(colours, row->frame->kind));
	terminal_put_name(out, row->frame->name);
	fputs(terminal_plain(colours), out);
	if (row->frame->module) {
		fputs("  ", out);
		terminal_put_name(out, slash ? slash + 1 : row->frame->module);
	}
	putc('\n', out);
}

size_t top_functions_put(const struct call_graph *graph, uint64_t whole, size_t max, bool colours,
			 FILE *out)
{
	_cleanup_free_ uint32_t *order = call_graph_order(graph, false);
	size_t shown = 0;

	for (; shown < graph->nr_functions && shown < max; shown++)
		put_row(&graph->functions[order[shown]], whole, colours, out);
	return shown;
}

void top_functions_print(const struct profile *profile, size_t max, const char *prefix,
			 bool colours, FILE *out)
{
	_cleanup_free_ uint32_t *order = NULL;
	struct call_graph graph;

	call_graph_init(&graph, profile);
	order = call_graph_order(&graph, false);
	for (size_t i = 0; i < graph.nr_functions && i < max; i++) {
		if (!graph.functions[order[i]].self)
			break;
		fputs(prefix, out);
		put_row(&graph.functions[order[i]], profile_total(profile), colours, out);
	}
	call_graph_release(&graph);
}
