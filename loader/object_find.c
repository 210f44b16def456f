/* SPDX-License-Identifier: MIT */
#include "loader/object_find.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/maps.h"
#include "common/safe_open.h"
#include "loader/ld_cache.h"

#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <string.h>

#define LD_CACHE     "/etc/ld.so.cache"
#define MAX_CACHE    ((uint64_t)256 << 20)
#define MAX_DIR_NAME 4096

static const char *const library_directories[] = {
	"/lib/x86_64-linux-gnu",
	"/usr/lib/x86_64-linux-gnu",
	"/lib64",
	"/usr/lib64",
	"/lib",
	"/usr/lib",
	"/usr/local/lib",
};

int object_name_matches(const char *file, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(file, name, len))
		return 0;
	file += len;
	if (!*file || !strncmp(file, ".so", 3))
		return 1;
	if (*file == '.' && strstr(name, ".so"))
		return 1; /* "libc.so" */
	/* "libc-2.31.so", and "libfoo" for "libfoo-1.2.so.3", but not "libc" for "libc-client.so"
	 */
	return *file == '-' && isdigit((unsigned char)file[1]) && strstr(file, ".so") != NULL;
}

static int open_regular(const char *path)
{
	int fd = safe_open(path);

	return fd == -EINVAL ? -ENOENT : fd;
}

struct mapped_search {
	const char *name;
	pid_t pid;
	int fd;
	char *path;
};

static int try_mapping(const struct maps_entry *entry, void *arg)
{
	struct mapped_search *search = arg;
	const char *slash = strrchr(entry->path, '/');
	char link[96];

	if (*entry->path != '/' || !slash || !object_name_matches(slash + 1, search->name))
		return 0;
	/* the very file that is mapped, whatever is at its path by now */
	snprintf(link, sizeof(link), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, search->pid,
		 entry->start, entry->end);
	search->fd = open_regular(link);
	if (search->fd < 0)
		search->fd = open_regular(entry->path);
	if (search->fd < 0)
		return 0;
	search->path = xstrdup(entry->path);
	return 1;
}

static int find_mapped(const char *name, pid_t pid, char **ret_path)
{
	struct mapped_search search = {.name = name, .pid = pid, .fd = -ENOENT};
	_cleanup_fclose_ FILE *maps = NULL;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	if (!maps)
		return -ENOENT;
	if (maps_parse(maps, try_mapping, &search) != 1)
		return -ENOENT;
	*ret_path = search.path;
	return search.fd;
}

static int find_cached(const char *name, char **ret_path)
{
	_cleanup_close_ int cache = safe_open(LD_CACHE);
	_cleanup_free_ char *path = NULL;
	_cleanup_free_ uint8_t *data = NULL;
	size_t size;
	int fd;

	if (cache < 0 || safe_read(cache, MAX_CACHE, &data, &size) < 0)
		return -ENOENT;
	path = ld_cache_find(data, size, object_name_matches, name);
	fd = path ? open_regular(path) : -ENOENT;
	if (fd >= 0)
		*ret_path = TAKE_PTR(path);
	return fd;
}

static int find_matching(const char *dir, const char *name, char **ret_path)
{
	_cleanup_free_ char *pattern = xasprintf("%s/%s*.so*", dir, name);
	int fd = -ENOENT;
	glob_t found;

	if (glob(pattern, 0, NULL, &found) != 0)
		return -ENOENT;
	for (size_t i = 0; i < found.gl_pathc && fd < 0; i++) {
		const char *path = found.gl_pathv[i];

		if (!object_name_matches(path + strlen(dir) + 1, name))
			continue;
		fd = open_regular(path);
		if (fd >= 0)
			*ret_path = xstrdup(path);
	}
	globfree(&found);
	return fd;
}

static int find_library(const char *name, char **ret_path)
{
	/* a glob character in the name would match what was not meant */
	if (strpbrk(name, "*?[\\"))
		return -ENOENT;
	for (size_t i = 0; i < sizeof(library_directories) / sizeof(*library_directories); i++) {
		int fd = find_matching(library_directories[i], name, ret_path);

		if (fd >= 0)
			return fd;
	}
	return -ENOENT;
}

static int find_in_path(const char *name, char **ret_path)
{
	const char *entry = getenv("PATH");

	while (entry && *entry) {
		size_t len = strcspn(entry, ":");
		_cleanup_free_ char *path = NULL;
		int fd = -ENOENT;

		if (len && len < MAX_DIR_NAME) {
			path = xasprintf("%.*s/%s", (int)len, entry, name);
			if (access(path, X_OK) == 0)
				fd = open_regular(path);
		}
		if (fd >= 0) {
			*ret_path = TAKE_PTR(path);
			return fd;
		}
		entry += len + (entry[len] == ':');
	}
	return -ENOENT;
}

static int find_program(pid_t pid, char **ret_path)
{
	char link[64], path[MAX_DIR_NAME];
	ssize_t len;
	int fd;

	snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	fd = open_regular(link);
	if (fd < 0)
		return fd;
	len = readlink(link, path, sizeof(path) - 1);
	path[len > 0 ? len : 0] = '\0';
	*ret_path = xstrdup(path);
	return fd;
}

int object_find(const char *name, pid_t pid, char **ret_path)
{
	int fd = -ENOENT;

	if (!name)
		return find_program(pid, ret_path);
	if (strchr(name, '/')) {
		fd = safe_open(name);
		if (fd >= 0)
			*ret_path = xstrdup(name);
		return fd;
	}
	if (pid >= 0)
		fd = find_mapped(name, pid, ret_path);
	if (fd < 0)
		fd = find_cached(name, ret_path);
	if (fd < 0)
		fd = find_library(name, ret_path);
	if (fd < 0)
		fd = find_in_path(name, ret_path);
	return fd;
}
