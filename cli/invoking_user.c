/* SPDX-License-Identifier: MIT */
#include "cli/invoking_user.h"

#include "loader/launch_user.h"

#include "common/alloc.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY	   ((uid_t)-1) /* what asks for the present one and changes nothing */
#define MAX_GROUPS 65536       /* NGROUPS_MAX of the kernel */

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

/* Of this thread alone: glibc's setgroups() would change the other threads too. */
static bool set_groups(const gid_t *groups, int nr)
{
	return syscall(SYS_setgroups, nr, groups) == 0;
}

static gid_t *list_groups(uid_t uid, gid_t gid, int *ret_nr)
{
	const struct passwd *pw = getpwuid(uid);
	gid_t *groups = xcalloc(1, sizeof(*groups));
	int nr = 1;

	groups[0] = gid;
	if (pw && getgrouplist(pw->pw_name, gid, groups, &nr) < 0 && nr > 0 && nr <= MAX_GROUPS) {
		groups = xreallocarray(groups, (size_t)nr, sizeof(*groups));
		if (getgrouplist(pw->pw_name, gid, groups, &nr) < 0)
			nr = 1;
	}
	*ret_nr = nr > 0 && nr <= MAX_GROUPS ? nr : 1;
	return groups;
}

bool invoking_user_act_begin(struct invoking_user_act *ret_act)
{
	struct invoking_user_act act = {.gid = (gid_t)setfsgid(NOBODY)};
	_cleanup_free_ gid_t *groups = NULL;
	uid_t uid;
	gid_t gid;
	int nr;

	if (!invoking_user(&uid, &gid))
		return false;
	groups = list_groups(uid, gid, &nr);
	act.nr_groups = getgroups(0, NULL);
	act.groups = xcalloc(act.nr_groups > 0 ? (size_t)act.nr_groups : 1, sizeof(gid_t));
	if (act.nr_groups < 0 || getgroups(act.nr_groups, act.groups) < 0 ||
	    !set_groups(groups, nr)) {
		free(act.groups);
		return false;
	}
	setfsgid(gid);
	setfsuid(uid);
	*ret_act = act;
	return true;
}

void invoking_user_act_end(struct invoking_user_act *act)
{
	setfsuid(geteuid());
	setfsgid(act->gid);
	if (!set_groups(act->groups, act->nr_groups))
		abort();
	free(act->groups);
}

uid_t invoking_user_fsuid(void)
{
	return (uid_t)setfsuid(NOBODY);
}
