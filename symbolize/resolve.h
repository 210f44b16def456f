/* SPDX-License-Identifier: MIT */
/*
 * The work behind symbolize_object(), in the process that calls it: finds what is known of one
 * object and names its addresses.  symbolizer.c runs it in a child without rights.
 */
#ifndef CTRACE_SYMBOLIZE_RESOLVE_H
#define CTRACE_SYMBOLIZE_RESOLVE_H

#include "symbolize/symbolizer.h"

struct dwarf_opener;

struct resolve_request {
	const char *path;
	struct elf_image *image;
	const struct symbolize_options *options;
	struct intern *strings;
	unsigned int nr_threads;
	/* Opens what debug information names: after @lock nothing else does. */
	const struct dwarf_opener *opener;
	/* Called when all files that can be known beforehand are open; a note for -v, or NULL. */
	const char *(*lock)(void *arg);
	void *lock_arg;
};

/* Gives every address its frames; never fails, for the module's name is always known. */
void resolve_addresses(const struct resolve_request *request, struct symbolize_address *addrs,
		       size_t nr, struct symbolize_stats *stats);

#endif
