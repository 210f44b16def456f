/* SPDX-License-Identifier: MIT */
#include "loader/launch_path.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "loader/launch_user.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_ANCESTORS	8 /* sudo, its monitor, a script or two, the shell */
#define MAX_ENVIRONMENT (1 << 20)

/* Below the home directory. */
static const char *const usual_places[] = {
	".local/bin",	     "bin",	 ".cargo/bin", "go/bin", ".npm-global/bin",
	".local/share/pnpm", ".bun/bin",
};

static char *find_in(const char *directory, size_t len, const char *program)
{
	char *path = xasprintf("%.*s/%s", (int)len, directory, program);
	struct stat st;

	if (len && *directory == '/' && stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH))
		return path;
	free(path);
	return NULL;
}

static char *find_in_list(const char *list, const char *program)
{
	while (*list) {
		size_t len = strcspn(list, ":");
		char *path = find_in(list, len, program);

		if (path)
			return path;
		list += len + (list[len] == ':');
	}
	return NULL;
}

/* The value of PATH in the environment a process was started with; to be freed, or NULL. */
static char *path_of_process(pid_t pid)
{
	static const char name[] = "PATH=";
	_cleanup_fclose_ FILE *file = NULL;
	_cleanup_free_ char *variable = NULL;
	size_t cap = 0, total = 0;
	char text[64];
	ssize_t len;

	snprintf(text, sizeof(text), "/proc/%d/environ", pid);
	file = fopen(text, "re");
	while (file && total < MAX_ENVIRONMENT && (len = getdelim(&variable, &cap, 0, file)) > 0) {
		if (!strncmp(variable, name, strlen(name)))
			return xstrdup(variable + strlen(name));
		total += (size_t)len;
	}
	return NULL;
}

static pid_t parent_of(pid_t pid)
{
	_cleanup_fclose_ FILE *file = NULL;
	char line[256];
	int parent = 0;

	snprintf(line, sizeof(line), "/proc/%d/status", pid);
	file = fopen(line, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "PPid: %d", &parent) == 1)
			break;
	}
	return parent;
}

/* sudo itself was started in the user's environment. */
static char *find_in_ancestors(const char *program)
{
	pid_t pid = getppid();

	for (int i = 0; i < MAX_ANCESTORS && pid > 1; i++, pid = parent_of(pid)) {
		_cleanup_free_ char *list = path_of_process(pid);
		char *path = list ? find_in_list(list, program) : NULL;

		if (path)
			return path;
	}
	return NULL;
}

/* A file that only root can get at is no find: this thread looks with the user's eyes. */
static bool is_reachable(const char *path, uid_t uid, gid_t gid)
{
	struct stat st;
	bool ret;

	setfsgid(gid);
	setfsuid(uid);
	ret = stat(path, &st) == 0;
	setfsuid(geteuid());
	setfsgid(getegid());
	return ret;
}

char *launch_path_of_user(const char *program)
{
	_cleanup_(launch_user_freep) struct launch_user *user = NULL;
	_cleanup_free_ char *error = NULL;
	const struct passwd *pw;
	char *path;
	uid_t uid;
	gid_t gid;

	if (strchr(program, '/') || launch_user_find(NULL, &user, &error) < 0 || !user)
		return NULL;
	path = find_in_ancestors(program);
	launch_user_ids(user, &uid, &gid);
	pw = getpwuid(uid);
	for (size_t i = 0; !path && pw && i < sizeof(usual_places) / sizeof(*usual_places); i++) {
		_cleanup_free_ char *place = xasprintf("%s/%s", pw->pw_dir, usual_places[i]);

		path = find_in(place, strlen(place), program);
	}
	if (path && !is_reachable(path, uid, gid)) {
		free(path);
		return NULL;
	}
	return path;
}
