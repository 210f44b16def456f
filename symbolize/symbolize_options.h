/* SPDX-License-Identifier: MIT */
/* What a caller wants of the names, and where debug information may be looked for. */
#ifndef CTRACE_SYMBOLIZE_SYMBOLIZE_OPTIONS_H
#define CTRACE_SYMBOLIZE_SYMBOLIZE_OPTIONS_H

#include "symbolize/demangle.h"

#include <stdbool.h>
#include <stdint.h>

struct symbolize_options {
	bool inlines; /* expand inlined functions (needs debug information) */
	bool lines;   /* fill file and line */
	enum demangle_mode demangle;
	const char *const
		*debug_dirs; /* NULL-terminated, searched before /usr/lib/debug; or NULL */
	const char *root;    /* the target's root, tried before the host's; NULL = host only */
	bool debuginfod;     /* ask the servers of DEBUGINFOD_URLS for what is not here */
	unsigned int debuginfod_timeout_ms; /* for one object; 0 = 20 s */
	/* Called now and then while something is fetched, @total 0 while unknown; or NULL. */
	void (*fetch_progress)(void *arg, uint64_t done, uint64_t total);
	void *fetch_progress_arg;
	unsigned int nr_threads; /* 0 = decide */
	unsigned int timeout_ms; /* for the debug information of one object; 0 = two minutes */
	bool cache;		 /* keep answers in the user's cache, and take them from there */
	bool no_sandbox;	 /* read in this process, for debugging and tests */
};

#endif
