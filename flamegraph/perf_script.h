/* SPDX-License-Identifier: MIT */
/*
 * The text that `perf script` prints, line by line:
 *
 *	demo  4711/4712 [003] 100.100000:     250000 cpu-clock:u:
 *		    55d0aa001139 spin+0x10 (/opt/demo/demo)
 *		    55d0aa001180 main+0x20 (/opt/demo/demo)
 *
 * and an empty line; a sample without a call chain has its one frame in the first line.  Fields
 *that perf was told to leave out may be missing, but for the addresses of frames.
 */
#ifndef CTRACE_FLAMEGRAPH_PERF_SCRIPT_H
#define CTRACE_FLAMEGRAPH_PERF_SCRIPT_H

#include "flamegraph/text_piece.h"

enum perf_line_kind { PERF_LINE_OTHER, PERF_LINE_SAMPLE, PERF_LINE_FRAME, PERF_LINE_END };

struct perf_frame {
	struct text_piece name; /* without offset; empty: none */
	const char *suffix;	/* "_[k]" ... as folded stacks spell it, or "" */
	bool is_module;		/* only the object is known: @name is its */
};

struct perf_line {
	enum perf_line_kind kind;
	struct text_piece comm, event; /* of a sample; empty when not told */
	bool may_be_none;	       /* so little is told that only frames below make a sample */
	struct perf_frame frame;       /* of a frame, or of a sample without a call chain */
};

/* Does @text begin with what perf script prints? */
bool perf_script_sniff(const char *text, size_t len);

/*
 * @in_sample: this line may be a frame of the sample before it.  A frame outside a sample begins
 * one that nothing else is told of.
 */
struct perf_line perf_script_line(const char *text, size_t len, bool in_sample);

/* Are these one event, but for modifiers (:u) and the kind of core (cpu_atom/cycles/)? */
bool perf_script_same_event(struct text_piece a, struct text_piece b);

#endif
