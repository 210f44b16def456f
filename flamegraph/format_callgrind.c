/* SPDX-License-Identifier: MIT */
/*
 * Callgrind's profile format, for KCachegrind, QCachegrind and callgrind_annotate: self cost by
 * function, inclusive cost by call.
 *
 * Its readers take a function's inclusive cost for that of the calls to it, if there are any: here
 * they add up, since recursive calls have no cost and are left out (call_graph.h).  What begins
 * stacks and is called as well is called by ROOT there.
 */
#include "common/alloc.h"
#include "common/cleanup.h"
#include "flamegraph/call_graph.h"
#include "flamegraph/capture.h"
#include "flamegraph/format.h"
#include "flamegraph/format_writers.h"
#include "flamegraph/profile.h"
#include "flamegraph/utf8.h"
#include "flamegraph/value_unit.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define UNKNOWN "???" /* callgrind's own word for it */
#define ROOT	"all"

/* One line, whatever is in the name. */
static void put_name(FILE *out, const char *name)
{
	size_t len = strlen(name);

	while (len) {
		uint32_t character;
		size_t nr = utf8_decode(name, len, &character);
		char bytes[UTF8_MAX];

		if (utf8_is_control(character))
			character = ' ';
		fwrite(bytes, 1, utf8_encode(character, bytes), out);
		name += nr;
		len -= nr;
	}
}

/* An event's name is one word. */
static void put_event(FILE *out, const char *unit)
{
	for (const char *c = unit; *c; c++)
		putc(isalnum((unsigned char)*c) ? *c : '_', out);
}

struct callgrind {
	FILE *out;
	struct call_graph graph;
	bool *told; /* names are given the first time, ids alone from then on */
};

static void put_position(struct callgrind *callgrind, const char *prefix, uint32_t function)
{
	const struct frame *frame = callgrind->graph.functions[function].frame;
	FILE *out = callgrind->out;

	fprintf(out, "%sob=", prefix);
	put_name(out, frame->module ? frame->module : UNKNOWN);
	fprintf(out, "\n%s=", *prefix ? "cfi" : "fl");
	put_name(out, frame->file ? frame->file : UNKNOWN);
	fprintf(out, "\n%sfn=(%" PRIu32 ")", prefix, function + 1);
	if (!callgrind->told[function]) {
		putc(' ', out);
		put_name(out, frame->name);
		callgrind->told[function] = true;
	}
	putc('\n', out);
}

static void put_function(struct callgrind *callgrind, uint32_t function, size_t *next_call)
{
	const struct call_graph *graph = &callgrind->graph;
	const struct call_graph_function *row = &graph->functions[function];
	FILE *out = callgrind->out;

	put_position(callgrind, "", function);
	fprintf(out, "%" PRIu32 " %" PRIu64 "\n", row->frame->line, row->self);
	while (*next_call < graph->nr_calls && graph->calls[*next_call].caller == function) {
		const struct call_graph_call *call = &graph->calls[(*next_call)++];
		const struct frame *callee = graph->functions[call->callee].frame;

		if (!call->total)
			continue;
		put_position(callgrind, "c", call->callee);
		/* How often is not known; a sample is at least one call. */
		fprintf(out, "calls=1 %" PRIu32 "\n%" PRIu32 " %" PRIu64 "\n", callee->line,
			row->frame->line, call->total);
	}
	putc('\n', out);
}

/* Is what begins some stacks called somewhere, even within a recursion? */
static bool needs_root(const struct call_graph *graph, const struct profile *profile)
{
	_cleanup_free_ bool *begins = xcalloc(graph->nr_functions + 1, sizeof(*begins));
	const struct frame *frames = profile_frames(profile, &(size_t){0});
	const struct profile_node *nodes = profile_nodes(profile, &(size_t){0});

	for (uint32_t i = nodes[0].first_child; i; i = nodes[i].next_sibling)
		begins[graph->function_of[nodes[i].frame - frames]] = true;
	for (size_t i = 0; i < graph->nr_calls; i++) {
		if (begins[graph->calls[i].callee])
			return true;
	}
	return false;
}

static void put_root(struct callgrind *callgrind, const struct profile *profile)
{
	const struct frame *frames = profile_frames(profile, &(size_t){0});
	const struct profile_node *nodes = profile_nodes(profile, &(size_t){0});
	FILE *out = callgrind->out;

	fprintf(out, "ob=" UNKNOWN "\nfl=" UNKNOWN "\nfn=(%zu) " ROOT "\n0 0\n",
		callgrind->graph.nr_functions + 1);
	for (uint32_t i = nodes[0].first_child; i; i = nodes[i].next_sibling) {
		uint32_t function = callgrind->graph.function_of[nodes[i].frame - frames];

		put_position(callgrind, "c", function);
		fprintf(out, "calls=1 %" PRIu32 "\n0 %" PRIu64 "\n", nodes[i].frame->line,
			nodes[i].total);
	}
	putc('\n', out);
}

static void put_head(FILE *out, const struct profile *profile, const struct format_options *options)
{
	const struct capture_info *info = profile_info(profile);
	const char *unit = value_scale_of(profile, options).name;

	fputs("# callgrind format\nversion: 1\ncreator: ctrace-" CTRACE_VERSION "\n", out);
	if (info && info->nr_argv && !options->no_metadata) {
		fputs("cmd:", out);
		for (size_t i = 0; i < info->nr_argv; i++) {
			putc(' ', out);
			put_name(out, info->argv[i]);
		}
		putc('\n', out);
	}
	fputs("positions: line\nevent: ", out);
	put_event(out, unit);
	fputs(" : ", out);
	put_name(out, unit);
	fputs("\nevents: ", out);
	put_event(out, unit);
	fprintf(out, "\nsummary: %" PRIu64 "\n\n", profile_total(profile));
}

static int write_callgrind(const struct profile *profile, const struct format_options *options,
			   FILE *out)
{
	struct callgrind callgrind = {.out = out};
	size_t next_call = 0;

	if (!profile_total(profile))
		return -ENODATA;
	call_graph_init(&callgrind.graph, profile);
	callgrind.told = xcalloc(callgrind.graph.nr_functions + 1, sizeof(bool));
	put_head(out, profile, options);
	for (uint32_t i = 0; i < callgrind.graph.nr_functions; i++)
		put_function(&callgrind, i, &next_call);
	if (needs_root(&callgrind.graph, profile))
		put_root(&callgrind, profile);
	fprintf(out, "totals: %" PRIu64 "\n", profile_total(profile));
	call_graph_release(&callgrind.graph);
	free(callgrind.told);
	return ferror(out) ? -EIO : 0;
}

const struct format format_callgrind = {
	.name = "callgrind",
	.suffix = ".callgrind",
	.what = "KCachegrind, callgrind_annotate",
	.write = write_callgrind,
};
