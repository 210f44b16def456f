/* SPDX-License-Identifier: MIT */
/* Who started ctrace: the user behind sudo or doas, who shall own the files it writes. */
#ifndef CTRACE_CLI_INVOKING_USER_H
#define CTRACE_CLI_INVOKING_USER_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * True when ctrace runs as root on behalf of somebody else, whose ids are given then.  Only root
 * asks the environment, so nobody can claim to be somebody else.
 */
bool invoking_user(uid_t *ret_uid, gid_t *ret_gid);

#endif
