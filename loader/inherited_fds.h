/* SPDX-License-Identifier: MIT */
/*
 * The descriptors ctrace itself was started with: the only ones a program it launches shall have.
 * Libraries open some without O_CLOEXEC, in threads that a fork may come in the middle of.
 */
#ifndef CTRACE_LOADER_INHERITED_FDS_H
#define CTRACE_LOADER_INHERITED_FDS_H

#include "common/cleanup.h"

#include <stddef.h>

struct inherited_fds;

/* Those open now without O_CLOEXEC, 3 and up: to be called before any library opens its own. */
struct inherited_fds *inherited_fds_find(void);
void inherited_fds_free(struct inherited_fds *fds);
DEFINE_CLEANUP(struct inherited_fds *, inherited_fds_free);

/* An exec from here on closes all others.  Async-signal-safe.  NULL: leaves all as they are. */
void inherited_fds_keep_only(const struct inherited_fds *fds);

#endif
