/* SPDX-License-Identifier: MIT */
#include "loader/launch_user.h"

#include "common/alloc.h"
#include "common/number.h"

#include <errno.h>
#include <grp.h>
#include <paths.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_GROUPS 65536 /* NGROUPS_MAX of the kernel */

struct launch_user {
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	size_t nr_groups;
	char **environment; /* NULL: ours */
	size_t nr_owned;    /* leading strings of @environment that are ours to free */
};

static void set_groups(struct launch_user *user, const char *name)
{
	int nr = 64;

	if (name) {
		user->groups = xcalloc((size_t)nr, sizeof(*user->groups));
		if (getgrouplist(name, user->gid, user->groups, &nr) < 0 && nr <= MAX_GROUPS) {
			user->groups = xreallocarray(user->groups, (size_t)nr, sizeof(gid_t));
			nr = getgrouplist(name, user->gid, user->groups, &nr) < 0 ? 0 : nr;
		}
		user->nr_groups = nr > 0 && nr <= MAX_GROUPS ? (size_t)nr : 0;
	}
	if (user->nr_groups)
		return;
	free(user->groups);
	user->groups = xmemdup(&user->gid, sizeof(user->gid));
	user->nr_groups = 1;
}

static bool is_variable(const char *text, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(text, name, len) && text[len] == '=';
}

static bool is_replaced(const char *text, char *const *replacements, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		_cleanup_free_ char *name = xstrndup(replacements[i],
						     strcspn(replacements[i], "="));

		if (is_variable(text, name))
			return true;
	}
	return false;
}

/* What a login of that user would have set; the rest stays, sudo's own variables too. */
static void set_environment(struct launch_user *user, const struct passwd *pw)
{
	const char *shell = *pw->pw_shell ? pw->pw_shell : _PATH_BSHELL;
	size_t nr = 0, out = 0;

	while (environ && environ[nr])
		nr++;
	user->environment = xcalloc(nr + 6, sizeof(char *));
	user->environment[out++] = xasprintf("HOME=%s", pw->pw_dir);
	user->environment[out++] = xasprintf("USER=%s", pw->pw_name);
	user->environment[out++] = xasprintf("LOGNAME=%s", pw->pw_name);
	user->environment[out++] = xasprintf("SHELL=%s", shell);
	if (getenv("MAIL"))
		user->environment[out++] = xasprintf("MAIL=" _PATH_MAILDIR "/%s", pw->pw_name);
	user->nr_owned = out;
	for (size_t i = 0; i < nr; i++) {
		if (!is_replaced(environ[i], user->environment, user->nr_owned))
			user->environment[out++] = environ[i];
	}
}

static struct launch_user *user_of_passwd(const struct passwd *pw)
{
	struct launch_user *user = xcalloc(1, sizeof(*user));

	user->uid = pw->pw_uid;
	user->gid = pw->pw_gid;
	set_groups(user, pw->pw_name);
	set_environment(user, pw);
	return user;
}

static int find_named(const char *name, struct launch_user **ret_user, char **ret_error)
{
	const struct passwd *pw = getpwnam(name);

	if (!pw) {
		*ret_error = xasprintf("there is no user '%s'", name);
		return -EINVAL;
	}
	if (geteuid() != 0 && pw->pw_uid != geteuid()) {
		*ret_error = xasprintf("only root can run a program as '%s'", name);
		return -EINVAL;
	}
	*ret_user = user_of_passwd(pw);
	return 0;
}

static int find_sudo(const char *uid_text, struct launch_user **ret_user, char **ret_error)
{
	const char *gid_text = getenv("SUDO_GID");
	const struct passwd *pw;
	struct launch_user *user;
	uint64_t uid, gid;

	/* (uid_t)-1 means "unchanged" to setresuid */
	if (parse_uint(uid_text, 0, UINT32_MAX - 1, &uid) < 0 ||
	    (gid_text && parse_uint(gid_text, 0, UINT32_MAX - 1, &gid) < 0)) {
		*ret_error = xasprintf("SUDO_UID or SUDO_GID in the environment is no number");
		return -EINVAL;
	}
	if (uid == 0) {
		*ret_user = NULL;
		return 0;
	}
	pw = getpwuid((uid_t)uid);
	if (!pw && !gid_text) {
		*ret_error = xasprintf("SUDO_UID is %s, which is no user here", uid_text);
		return -EINVAL;
	}
	user = xcalloc(1, sizeof(*user));
	user->uid = (uid_t)uid;
	user->gid = gid_text ? (gid_t)gid : pw->pw_gid;
	set_groups(user, pw ? pw->pw_name : NULL);
	if (pw)
		set_environment(user, pw);
	*ret_user = user;
	return 0;
}

int launch_user_find(const char *name, struct launch_user **ret_user, char **ret_error)
{
	const char *doas = getenv("DOAS_USER");
	const char *sudo = getenv("SUDO_UID");
	const struct passwd *pw;

	if (name)
		return find_named(name, ret_user, ret_error);
	if (geteuid() == 0 && sudo)
		return find_sudo(sudo, ret_user, ret_error);
	if (geteuid() == 0 && doas) {
		pw = getpwnam(doas);
		if (!pw) {
			*ret_error = xasprintf("DOAS_USER is '%s', which is no user here", doas);
			return -EINVAL;
		}
		*ret_user = pw->pw_uid ? user_of_passwd(pw) : NULL;
		return 0;
	}
	*ret_user = NULL;
	return 0;
}

void launch_user_free(struct launch_user *user)
{
	if (!user)
		return;
	for (size_t i = 0; i < user->nr_owned; i++)
		free(user->environment[i]);
	free(user->environment);
	free(user->groups);
	free(user);
}

void launch_user_ids(const struct launch_user *user, uid_t *ret_uid, gid_t *ret_gid)
{
	*ret_uid = user->uid;
	*ret_gid = user->gid;
}

char *const *launch_user_environment(const struct launch_user *user)
{
	return user && user->environment ? user->environment : environ;
}

int launch_user_become(const struct launch_user *user)
{
	if (!user)
		return 0;
	/* without CAP_SETGID only our own groups are possible, and they are set already */
	if (setgroups(user->nr_groups, user->groups) < 0 && geteuid() == 0)
		return -errno;
	if (setresgid(user->gid, user->gid, user->gid) < 0 ||
	    setresuid(user->uid, user->uid, user->uid) < 0)
		return -errno;
	return 0;
}
