/* SPDX-License-Identifier: MIT */
/*
 * Names of JIT code from jitdump files (linux/tools/perf/Documentation/jitdump-specification.txt),
 * which runtimes map executable so that profilers can find them: jit-PID.dump.  An address that
 * several codes had goes by the time asked for.  Knows the file only; who mapped it is the
 * caller's.
 */
#ifndef CTRACE_SYMBOLIZE_JITDUMP_H
#define CTRACE_SYMBOLIZE_JITDUMP_H

#include "common/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define JITDUMP_MAX_BYTES ((uint64_t)512 << 20) /* holds the code itself */

struct jitdump;

/* One stretch of code; strings are owned by the jitdump. */
struct jitdump_code {
	const char *name;
	uint64_t start;
	const char *file; /* of the source; NULL = unknown */
	uint32_t line;
};

/* Whether a mapping's path is that of a jitdump file: ".../jit-<pid>.dump". */
bool jitdump_is_path(const char *path);

/*
 * Reads the file behind @fd, which the caller keeps; it has to belong to @uid or root.  -EPERM: no
 * regular file, or another user's; -E2BIG: over JITDUMP_MAX_BYTES; -EBADMSG: no jitdump of this
 * machine.  A record cut off at the end is what a running program looks like, not an error.
 */
int jitdump_load(int fd, uid_t uid, struct jitdump **ret_dump);
int jitdump_parse(const uint8_t *bytes, size_t size, struct jitdump **ret_dump);
void jitdump_free(struct jitdump *dump);
DEFINE_CLEANUP(struct jitdump *, jitdump_free);

/*
 * What was at @addr at @time_ns (CLOCK_MONOTONIC), or came there first after that; UINT64_MAX: what
 * is there at last.  False if no code is known there.
 */
bool jitdump_find(const struct jitdump *dump, uint64_t addr, uint64_t time_ns,
		  struct jitdump_code *ret_code);

#endif
