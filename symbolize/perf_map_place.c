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
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATH_BYTES 128
#define LINE_BYTES 512
#define NS_PER_S   1000000000ull
/* How far the date of a file may lie before its writing: a tick of 100 Hz, twice. */
#define CLOCK_TICK_NS 20000000u
/* What is looked at to know a file again that has only grown. */
#define DIGEST_BYTES (1u << 20)
#define DIGEST_STEP  4096

/* A user the process has become, once. */
static void add_user(struct perf_map_place *place, uid_t user)
{
	for (unsigned int i = 0; i < place->nr_users; i++)
		if (place->users[i] == user)
			return;
	if (place->nr_users < PERF_MAP_MAX_USERS)
		place->nr_users++;
	place->users[place->nr_users - 1] = user;
}

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
			add_user(place, uid);
			have_uid = true;
		} else if (strncmp(line, "NSpid:", 6) == 0) {
			last = strrchr(line, '\t');
			place->inner_pid = last ? (pid_t)strtol(last, NULL, 10) : pid;
		}
	}
	return have_uid ? 0 : -EBADMSG;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* When the process began, CLOCK_REALTIME to 10 ms; 0 if that cannot be told. */
static uint64_t read_start(pid_t pid)
{
	_cleanup_fclose_ FILE *file = NULL;
	char path[PATH_BYTES], line[2 * LINE_BYTES];
	unsigned long long ticks;
	const char *fields;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file || !fgets(line, sizeof(line), file))
		return 0;
	/* The name in brackets may hold anything; the 22nd field is the 20th behind it. */
	fields = strrchr(line, ')');
	if (!fields || sscanf(fields + 1,
			      " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
			      "%*d %*d %*d %llu",
			      &ticks) != 1)
		return 0;
	return clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME) +
	       ticks * (NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
}

static int open_tmp(pid_t pid)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "/proc/%d/root/tmp", (int)pid);
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int perf_map_place_open(pid_t pid, struct perf_map_place *ret_place)
{
	struct perf_map_place place = {.pid = pid, .inner_pid = pid, .file = -1};
	int err;

	err = read_status(pid, &place);
	if (err)
		return err;
	place.since_ns = read_start(pid);
	place.tmp = open_tmp(pid);
	*ret_place = place;
	return 0;
}

void perf_map_place_refresh(struct perf_map_place *place)
{
	int tmp = open_tmp(place->pid);

	read_status(place->pid, place);
	if (tmp < 0)
		return;
	if (place->tmp >= 0)
		close(place->tmp);
	place->tmp = tmp;
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

static uint64_t modified_ns(const struct stat *st)
{
	return (uint64_t)st->st_mtim.tv_sec * NS_PER_S + (uint64_t)st->st_mtim.tv_nsec;
}

/* FNV-1a over the first @size bytes of the file, or as many as are looked at. */
static uint64_t digest_file(int fd, uint64_t size)
{
	uint64_t digest = 0xcbf29ce484222325u, done = 0;
	uint8_t bytes[DIGEST_STEP];

	while (done < size && done < DIGEST_BYTES) {
		size_t want = size - done < sizeof(bytes) ? (size_t)(size - done) : sizeof(bytes);
		ssize_t got = pread(fd, bytes, want, (off_t)done);

		if (got <= 0)
			break;
		for (ssize_t i = 0; i < got; i++)
			digest = (digest ^ bytes[i]) * 0x100000001b3u;
		done += (uint64_t)got;
	}
	return digest;
}

void perf_map_place_begin(struct perf_map_place *place, uint64_t since_ns)
{
	_cleanup_close_ int fd = find_map(place);
	struct stat st;

	place->since_ns = since_ns + clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC);
	place->old.size = 0;
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	place->old = (struct perf_map_old){
		.dev = st.st_dev,
		.inode = st.st_ino,
		.size = (uint64_t)st.st_size,
		.modified_ns = modified_ns(&st),
		.digest = digest_file(fd, (uint64_t)st.st_size),
	};
}

void perf_map_place_hold(struct perf_map_place *place)
{
	int fd;

	read_status(place->pid, place);
	fd = find_map(place);
	/* What is wrong with a map is told by perf_map_place_load(). */
	if (fd < 0)
		return;
	if (place->file >= 0)
		close(place->file);
	place->file = fd;
}

uid_t perf_map_place_owner(const struct perf_map_place *place, int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0)
		for (unsigned int i = 0; i < place->nr_users; i++)
			if (place->users[i] == st.st_uid)
				return st.st_uid;
	return place->users[place->nr_users - 1];
}

/* How much of the map others wrote before the image began; all of it: the file is not its. */
static uint64_t old_part(const struct perf_map_place *place, int fd)
{
	const struct perf_map_old *old = &place->old;
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	/* Files are dated by the last tick of the clock. */
	if (modified_ns(&st) + CLOCK_TICK_NS < place->since_ns)
		return UINT64_MAX;
	if (!old->size || old->inode != st.st_ino || old->dev != st.st_dev ||
	    (uint64_t)st.st_size < old->size)
		return 0;
	if ((uint64_t)st.st_size == old->size && modified_ns(&st) == old->modified_ns)
		return UINT64_MAX;
	return digest_file(fd, old->size) == old->digest ? old->size : 0;
}

int perf_map_place_load(const struct perf_map_place *place, struct perf_map **ret_map)
{
	_cleanup_close_ int opened = -1;
	int fd = place->file;
	uint64_t old;

	if (fd < 0) {
		opened = find_map(place);
		if (opened < 0)
			return opened;
		fd = opened;
	}
	old = old_part(place, fd);
	if (old == UINT64_MAX)
		return -ENOENT;
	return perf_map_load(fd, perf_map_place_owner(place, fd), old, ret_map);
}
