/* SPDX-License-Identifier: MIT */
#include "cli/invoking_user.h"

#include "common/number.h"

#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

static bool from_sudo(uid_t *ret_uid, gid_t *ret_gid)
{
	const char *uid_text = getenv("SUDO_UID");
	const char *gid_text = getenv("SUDO_GID");
	uint64_t uid, gid;

	if (!uid_text || !gid_text)
		return false;
	if (parse_uint(uid_text, 0, UINT32_MAX - 1, &uid) < 0 ||
	    parse_uint(gid_text, 0, UINT32_MAX - 1, &gid) < 0)
		return false;
	*ret_uid = (uid_t)uid;
	*ret_gid = (gid_t)gid;
	return true;
}

static bool from_doas(uid_t *ret_uid, gid_t *ret_gid)
{
	const char *name = getenv("DOAS_USER");
	const struct passwd *pw = name ? getpwnam(name) : NULL;

	if (!pw)
		return false;
	*ret_uid = pw->pw_uid;
	*ret_gid = pw->pw_gid;
	return true;
}

bool invoking_user(uid_t *ret_uid, gid_t *ret_gid)
{
	uid_t uid;
	gid_t gid;

	if (geteuid() != 0)
		return false;
	if (!from_sudo(&uid, &gid) && !from_doas(&uid, &gid))
		return false;
	if (uid == 0)
		return false;
	*ret_uid = uid;
	*ret_gid = gid;
	return true;
}
