/* SPDX-License-Identifier: MIT */
#include "loader/root_set.h"

#include "common/alloc.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_ROOTS 128 /* each is a descriptor; beyond that, containers are found by their path */

struct root_entry {
	dev_t dev;
	ino_t inode;
	char *path;
	int fd;
};

struct root_set {
	struct root_entry *entries;
	size_t nr, cap;
};

struct root_set *root_set_new(void)
{
	return xcalloc(1, sizeof(struct root_set));
}

void root_set_free(struct root_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->nr; i++) {
		if (set->entries[i].fd >= 0)
			close(set->entries[i].fd);
		free(set->entries[i].path);
	}
	free(set->entries);
	free(set);
}

static bool is_directory(const char *path, const struct stat *wanted)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_dev == wanted->st_dev && st.st_ino == wanted->st_ino;
}

/* A chroot's directory has a name of ours.  That of another mount namespace only has a process. */
static char *name_root(const char *link, const struct stat *st)
{
	char path[PATH_MAX];
	ssize_t len = readlink(link, path, sizeof(path) - 1);

	if (len > 0) {
		path[len] = '\0';
		if (is_directory(path, st))
			return xstrdup(path);
	}
	return xstrdup(link);
}

static struct process_root add(struct root_set *set, const char *link, const struct stat *st)
{
	struct root_entry entry = {
		.dev = st->st_dev,
		.inode = st->st_ino,
		.path = name_root(link, st),
		.fd = -1,
	};

	if (set->nr < MAX_ROOTS)
		entry.fd = open(link, O_PATH | O_DIRECTORY | O_CLOEXEC);
	GROW_ARRAY(set->entries, set->nr, set->cap);
	set->entries[set->nr++] = entry;
	return (struct process_root){.path = entry.path, .fd = entry.fd};
}

struct process_root root_set_get(struct root_set *set, pid_t pid)
{
	char link[64];
	struct stat st;

	snprintf(link, sizeof(link), "/proc/%d/root", (int)pid);
	if (stat(link, &st) < 0 || is_directory("/", &st))
		return (struct process_root){.fd = -1};
	for (size_t i = 0; i < set->nr; i++)
		if (set->entries[i].dev == st.st_dev && set->entries[i].inode == st.st_ino)
			return (struct process_root){.path = set->entries[i].path,
						     .fd = set->entries[i].fd};
	return add(set, link, &st);
}
