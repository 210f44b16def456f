/* SPDX-License-Identifier: MIT */
/*
 * Programs that serve whoever runs ctrace: a pager, a browser.  Under sudo they run as the user
 * behind it, since their windows and shells are nothing for root.
 */
#ifndef CTRACE_CLI_USER_PROGRAM_H
#define CTRACE_CLI_USER_PROGRAM_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Starts @argv, found through PATH, reading from @input (-1: from nothing).  @detached: it has no
 * terminal, says nothing and may outlive us.  To be waited for, if at all, by the caller.
 * The system's error, that of exec included.
 */
int user_program_start(char *const *argv, int input, bool detached, pid_t *ret_pid);

#endif
