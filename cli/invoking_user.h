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

/* What to go back to. */
struct invoking_user_act {
	gid_t gid;
	gid_t *groups;
	int nr_groups;
};

/*
 * From here on this thread may do with files what the user may, and no more.  False, and nothing
 * changes, when nobody stands behind us or that cannot be arranged.
 */
bool invoking_user_act_begin(struct invoking_user_act *ret_act);
void invoking_user_act_end(struct invoking_user_act *act);
/* Whom this thread's use of files counts as. */
uid_t invoking_user_fsuid(void);

#endif
