/* SPDX-License-Identifier: MIT */
/*
 * One line at a terminal that tells how a recording goes, on a line of its own.  It never mixes
 * with what the recorded program writes there: it is shown only while none of the processes that
 * have this terminal open has ever written anything, goes away when the terminal leaves line mode
 * (an editor, a password), and is left alone from the first write on.
 * Knows nothing of what it says.
 */
#ifndef CTRACE_CLI_LIVE_LINE_H
#define CTRACE_CLI_LIVE_LINE_H

#include "common/cleanup.h"

#include <stddef.h>
#include <sys/types.h>

#define LIVE_LINE_MAX_PIDS 64 /* of more processes nobody asks whether they write */

struct live_line;

/* On the terminal @fd, borrowed; NULL if it is none. */
struct live_line *live_line_new(int fd);
/* Erases it, unless somebody wrote. */
void live_line_free(struct live_line *line);
DEFINE_CLEANUP(struct live_line *, live_line_free);

/*
 * To be called about twice a second: @text without a newline, cut to the terminal's width, and the
 * processes of the recording that run now.  @nr_started: how many have been there so far, as those
 * that came and went in between may have written.  More than LIVE_LINE_MAX_PIDS are not looked at:
 * the line is given up.
 */
void live_line_update(struct live_line *line, const char *text, const pid_t *pids, size_t nr_pids,
		      size_t nr_started);

#endif
