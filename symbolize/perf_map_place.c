/* SPDX-License-Identifier: MIT */
#include "symbolize/perf_map_place.h"

#include "common/safe_open.h"
#include "symbolize/perf_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES 128
#define LINE_BYTES 512

static int read_status(pid_t pid, struct perf_map_place *place)
{
	_cleanup_fclose_ FILE *file = NULL;
	char path[PATH_BYTES], line[LINE_BYTES];
	bool have_uid = false;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		unsigned int uid;
		const char *last;

		if (sscanf(line, "Uid: %*u %u", &uid) == 1) {
			place->uid = uid;
			have_uid = true;
		} else if (strncmp(line, "NSpid:", 6) == 0) {
			last = strrchr(line, '\t');
			place->inner_pid = last ? (pid_t)strtol(last, NULL, 10) : pid;
		}
	}
	return have_uid ? 0 : -EBADMSG;
}

int perf_map_place_open(pid_t pid, struct perf_map_place *ret_place)
{
	struct perf_map_place place = {.pid = pid, .inner_pid = pid, .file = -1};
	char path[PATH_BYTES];
	int err;

	err = read_status(pid, &place);
	if (err)
		return err;
	snprintf(path, sizeof(path), "/proc/%d/root/tmp", (int)pid);
	place.tmp = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	*ret_place = place;
	return 0;
}

void perf_map_place_close(struct perf_map_place *place)
{
	if (place->tmp >= 0)
		close(place->tmp);
	if (place->file >= 0)
		close(place->file);
	place->tmp = -1;
	place->file = -1;
}

/* -EPERM for a symbolic link or a FIFO: anyone may write into /tmp. */
static int open_map(int dir, const char *name)
{
	int fd = safe_open_at(dir, name, SAFE_OPEN_NO_LINK);

	return fd == -ELOOP || fd == -EINVAL ? -EPERM : fd;
}

static int find_map(const struct perf_map_place *place)
{
	char path[PATH_BYTES];
	int fd = -ENOENT;

	if (place->tmp >= 0) {
		snprintf(path, sizeof(path), "perf-%d.map", (int)place->inner_pid);
		fd = open_map(place->tmp, path);
	}
	if (fd != -ENOENT)
		return fd;
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)place->pid);
	return open_map(AT_FDCWD, path);
}

void perf_map_place_hold(struct perf_map_place *place)
{
	int fd = find_map(place);

	/* What is wrong with a map is told by perf_map_place_load(). */
	if (fd < 0)
		return;
	if (place->file >= 0)
		close(place->file);
	place->file = fd;
}

int perf_map_place_load(const struct perf_map_place *place, struct perf_map **ret_map)
{
	_cleanup_close_ int opened = -1;

	if (place->file >= 0)
		return perf_map_load(place->file, place->uid, ret_map);
	opened = find_map(place);
	if (opened < 0)
		return opened;
	return perf_map_load(opened, place->uid, ret_map);
}
