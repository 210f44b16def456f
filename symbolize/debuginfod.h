/* SPDX-License-Identifier: MIT */
/*
 * Debug files from debuginfod servers.  The client library, which brings half of an HTTP stack, is
 * loaded only here and only in a child, so that nothing of it stays and its time is limited.  Its
 * own cache keeps what was fetched.
 */
#ifndef CTRACE_SYMBOLIZE_DEBUGINFOD_H
#define CTRACE_SYMBOLIZE_DEBUGINFOD_H

#include "common/frame.h"

#define DEBUGINFOD_DEFAULT_TIMEOUT_MS 20000

struct debuginfod_options {
	unsigned int timeout_ms; /* 0 = DEBUGINFOD_DEFAULT_TIMEOUT_MS */
	/* Called in the child now and then; @total is 0 while unknown.  Or NULL. */
	void (*progress)(void *arg, uint64_t done, uint64_t total);
	void *progress_arg;
};

/*
 * Path of the debug file of build @id in the client's cache, to be freed by the caller, who has to
 * check that it is what it should be.  -ENOENT: no server has it; -ENODATA: no server is named by
 * DEBUGINFOD_URLS or /etc/debuginfod; -EOPNOTSUPP: no client library here; -ETIME: it took too
 * long; else as the library says.
 */
int debuginfod_fetch(const struct build_id *id, const struct debuginfod_options *options,
		     char **ret_path);

#endif
