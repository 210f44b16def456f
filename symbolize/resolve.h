/* SPDX-License-Identifier: MIT */
/*
 * The work behind symbolize_object(): reads an object's files, which are open, and names its
 * addresses.  This is what looks into untrusted bytes, so symbolizer.c runs it in a child.
 */
#ifndef CTRACE_SYMBOLIZE_RESOLVE_H
#define CTRACE_SYMBOLIZE_RESOLVE_H

#include "symbolize/answer.h"
#include "symbolize/symbolize_options.h"

struct dwarf_opener;
struct object_files;

struct resolve_request {
	const struct object_files *files;
	const struct symbolize_options *options;
	struct intern *strings;
	unsigned int nr_threads;
	const struct dwarf_opener *opener; /* for what debug information names */
};

struct resolve_outcome {
	const char *source; /* interned: what was used and why not more */
	bool is_complete;   /* nothing was damaged or missing that might be there another time */
};

/* Gives every address its frames; never fails, for the module's name is always known. */
void resolve_addresses(const struct resolve_request *request, struct symbolize_address *addrs,
		       size_t nr, struct resolve_outcome *ret_outcome);

#endif
