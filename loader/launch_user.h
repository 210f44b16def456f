/* SPDX-License-Identifier: MIT */
/* Who a launched program runs as, and the environment that goes with it.  Changes nothing itself
 * but in the child that is about to exec. */
#ifndef CTRACE_LOADER_LAUNCH_USER_H
#define CTRACE_LOADER_LAUNCH_USER_H

#include "common/cleanup.h"

#include <sys/types.h>

struct launch_user;

/*
 * @name: that user; NULL: the one behind sudo (SUDO_UID, SUDO_GID) or doas (DOAS_USER) if we are
 * root.  *ret_user is NULL when the program runs as we do.  -EINVAL: no such user, variables that
 * make no sense, or only root may become someone else; @ret_error: a sentence, to be freed.
 */
int launch_user_find(const char *name, struct launch_user **ret_user, char **ret_error);
void launch_user_free(struct launch_user *user);
DEFINE_CLEANUP(struct launch_user *, launch_user_free);

/* Who that is, for files it shall own.  @user is not NULL. */
void launch_user_ids(const struct launch_user *user, uid_t *ret_uid, gid_t *ret_gid);

/*
 * The environment for it: ours, with HOME, USER, LOGNAME and SHELL, and MAIL if we have one, of
 * its entry in passwd; ours as it is for who has none.  Valid until @user is freed or our
 * environment changes.  @user may be NULL.
 */
char *const *launch_user_environment(const struct launch_user *user);

/* Becomes that user for good; async-signal-safe.  @user may be NULL.  Negative errno. */
int launch_user_become(const struct launch_user *user);

#endif
