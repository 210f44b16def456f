/* SPDX-License-Identifier: MIT */
#include "cli/invoking_user.h"

#include "loader/launch_user.h"

#include <stdlib.h>

bool invoking_user(uid_t *ret_uid, gid_t *ret_gid)
{
	_cleanup_(launch_user_freep) struct launch_user *user = NULL;
	_cleanup_free_ char *error = NULL;

	/* Variables that make no sense are the launcher's to complain about. */
	if (launch_user_find(NULL, &user, &error) < 0 || !user)
		return false;
	launch_user_ids(user, ret_uid, ret_gid);
	return true;
}
