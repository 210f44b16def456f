/* SPDX-License-Identifier: MIT */
/* For the terminal: the call tree with shares, and the hottest functions. */
#include "common/alloc.h"
#include "common/cleanup.h"
#include "flamegraph/call_graph.h"
#include "flamegraph/format.h"
#include "flamegraph/format_writers.h"
#include "flamegraph/markup.h"
#include "flamegraph/profile.h"
#include "flamegraph/profile_transform.h"
#include "flamegraph/terminal.h"
#include "flamegraph/top_changes.h"
#include "flamegraph/top_functions.h"
#include "flamegraph/value_unit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_PERCENT 0.5 /* as perf report */
#define TOP_ROWS      40
#define MAX_INDENT    400 /* bytes; deeper stacks go on without */
#define DEFAULT_WIDTH 1200

struct text {
	const struct profile_node *nodes;
	const char *unit;
	uint64_t whole, least;
	bool colours;
	FILE *out;
};

static uint64_t least_total(const struct profile *profile, const struct format_options *options)
{
	double percent = LEAST_PERCENT;

	if (options->minwidth > 0)
		percent = options->minwidth_percent ? options->minwidth
						    : 100 * options->minwidth / DEFAULT_WIDTH;
	return (uint64_t)ceil((double)profile_total(profile) * percent / 100);
}

static void put_line(const struct text *text, const char *indent, const char *branch,
		     const char *name, unsigned int kind, uint64_t total)
{
	double percent = markup_percent(total, text->whole);

	fprintf(text->out, "%s%6.2f%%%s  %s%s%s", terminal_share_colour(text->colours, percent),
		percent, terminal_plain(text->colours), indent, branch,
		terminal_kind_colour(text->colours, kind));
	terminal_put_name(text->out, name);
	fprintf(text->out, "%s\n", terminal_plain(text->colours));
}

struct branch {
	uint32_t node;
	uint32_t nr_rest; /* not a node: what a fork leaves out */
	uint64_t total;
	size_t indent; /* bytes of text->indent */
	bool forks, last;
};

struct branches {
	struct branch *items;
	size_t nr, cap;
};

static int compare_branches(const void *a, const void *b)
{
	const struct branch *left = a;
	const struct branch *right = b;

	/* The heaviest last: it is taken from the end first. */
	if (left->total != right->total)
		return left->total < right->total ? -1 : 1;
	return (left->node < right->node) - (left->node > right->node);
}

/* The children worth a line, heaviest on top of the stack; a single one does not indent. */
static void push_children(const struct text *text, struct branches *stack, uint32_t node,
			  size_t indent)
{
	size_t first = stack->nr, nr_visible;
	struct branch rest = {.indent = indent, .forks = true, .last = true};

	for (uint32_t child = text->nodes[node].first_child; child;
	     child = text->nodes[child].next_sibling) {
		uint64_t total = text->nodes[child].total;

		if (total < text->least) {
			rest.nr_rest++;
			rest.total += total;
			continue;
		}
		GROW_ARRAY(stack->items, stack->nr, stack->cap);
		stack->items[stack->nr++] = (struct branch){
			.node = child, .total = total, .indent = indent, .forks = true};
	}
	nr_visible = stack->nr - first;
	if (nr_visible)
		qsort(stack->items + first, nr_visible, sizeof(rest), compare_branches);
	if (rest.total >= text->least && rest.nr_rest) {
		GROW_ARRAY(stack->items, stack->nr, stack->cap);
		memmove(stack->items + first + 1, stack->items + first, nr_visible * sizeof(rest));
		stack->items[first] = rest;
		stack->nr++;
	}
	if (stack->nr > first)
		stack->items[first].last = true;
	if (stack->nr == first + 1)
		stack->items[first].forks = false;
}

static size_t add_indent(char *indent, size_t len, const char *more)
{
	if (len + strlen(more) >= MAX_INDENT)
		return len;
	strcpy(indent + len, more);
	return len + strlen(more);
}

static void put_tree(struct text *text)
{
	struct branches stack = {0};
	char indent[MAX_INDENT] = "";

	put_line(text, "", "", "all", FRAME_KIND_MARK, text->whole);
	push_children(text, &stack, 0, 0);
	while (stack.nr) {
		struct branch branch = stack.items[--stack.nr];
		const char *tick = !branch.forks ? ""
				   : branch.last ? "\u2514\u2500 "
						 : "\u251c\u2500 ";
		size_t inner = branch.indent;

		indent[branch.indent] = '\0';
		if (!branch.node) {
			char name[64];

			snprintf(name, sizeof(name), "(%u lighter ones)", branch.nr_rest);
			put_line(text, indent, tick, name, FRAME_KIND_UNKNOWN, branch.total);
			continue;
		}
		put_line(text, indent, tick, text->nodes[branch.node].frame->name,
			 text->nodes[branch.node].frame->kind, branch.total);
		if (branch.forks)
			inner = add_indent(indent, branch.indent, branch.last ? "   " : "\u2502  ");
		push_children(text, &stack, branch.node, inner);
	}
	free(stack.items);
}

static int text_init(struct text *text, const struct profile *profile,
		     const struct format_options *options, FILE *out)
{
	size_t nr;

	if (!profile_total(profile))
		return -ENODATA;
	*text = (struct text){
		.nodes = profile_nodes(profile, &nr),
		.unit = value_scale_of(profile, options).name,
		.whole = profile_total(profile),
		.least = least_total(profile, options),
		.colours = options->paged ? terminal_knows_colours() : terminal_has_colours(out),
		.out = out,
	};
	return 0;
}

static int write_tree(const struct profile *profile, const struct format_options *options,
		      FILE *out)
{
	const struct profile_transform by_function = {.by_function = true};
	_cleanup_(profile_freep) struct profile *functions = NULL;
	struct text text;
	char count[MARKUP_COUNT_MAX];
	int ret;

	if (profile_has_lines(profile))
		functions = profile_transformed(profile, &by_function, NULL);
	ret = text_init(&text, functions ? functions : profile, options, out);
	if (ret < 0)
		return ret;
	fprintf(out, "%s %.*s\n\n", markup_count(text.whole, count),
		(int)value_unit_length(text.unit, text.whole), text.unit);
	put_tree(&text);
	return ferror(out) ? -EIO : 0;
}

/* Both sides' sums, then what changed. */
static int write_changes(const struct profile *profile, const struct format_options *options,
			 FILE *out)
{
	bool colours = options->paged ? terminal_knows_colours() : terminal_has_colours(out);
	const char *unit = value_scale_of(profile, options).name;
	uint64_t before = profile_before(profile)[0].total;
	char count[MARKUP_COUNT_MAX];
	size_t nr;

	if (!before && !profile_total(profile))
		return -ENODATA;
	fprintf(out, "before %s %s, ", markup_count(before, count), unit);
	fprintf(out, "after %s %s%s\n\n", markup_count(profile_total(profile), count), unit,
		options->no_normalize ? "" : "; shares of either");
	fputs(options->no_normalize ? "      change       before        after  function\n"
				    : "  change   before    after  function and all it calls\n",
	      out);
	nr = top_changes_put(profile, TOP_ROWS, options->no_normalize, colours, out);
	if (!nr)
		fputs("(nothing changed)\n", out);
	else if (nr > TOP_ROWS)
		fprintf(out, "(%zu more)\n", nr - TOP_ROWS);
	return ferror(out) ? -EIO : 0;
}

static int write_top(const struct profile *profile, const struct format_options *options, FILE *out)
{
	char count[MARKUP_COUNT_MAX];
	struct call_graph graph;
	struct text text;
	size_t shown;
	int ret;

	if (profile_before(profile))
		return write_changes(profile, options, out);
	ret = text_init(&text, profile, options, out);
	if (ret < 0)
		return ret;
	call_graph_init(&graph, profile);
	fprintf(out, "%s %s in %zu functions\n\n   self    total  function\n",
		markup_count(text.whole, count), text.unit, graph.nr_functions);
	shown = top_functions_put(&graph, text.whole, TOP_ROWS, text.colours, out);
	if (shown < graph.nr_functions)
		fprintf(out, "(%zu more)\n", graph.nr_functions - shown);
	call_graph_release(&graph);
	return ferror(out) ? -EIO : 0;
}

const struct format format_tree = {
	.name = "tree",
	.what = "the call tree as text",
	.write = write_tree,
};

const struct format format_top = {
	.name = "top",
	.what = "the hottest functions as text",
	.compares = true,
	.write = write_top,
};
