/* SPDX-License-Identifier: MIT */
#include "loader/process_jit.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "loader/object_file.h"
#include "loader/object_set.h"
#include "symbolize/jitdump.h"
#include "symbolize/perf_map.h"
#include "symbolize/perf_map_place.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_DUMPS 16 /* of one process; a runtime has one, and one more after each exec */

struct dump_file {
	struct stat identity; /* every mapping of it is reported */
	int fd;
	struct jitdump *dump;
};

struct process_jit {
	pid_t pid;
	bool has_place;
	bool is_read;
	struct perf_map_place place;
	struct perf_map *map;
	struct dump_file dumps[MAX_DUMPS];
	size_t nr_dumps;
};

static struct process_jit *get(struct process_jit **jit, pid_t pid)
{
	if (!*jit) {
		*jit = xcalloc(1, sizeof(**jit));
		(*jit)->pid = pid;
		(*jit)->has_place = perf_map_place_open(pid, &(*jit)->place) == 0;
	}
	return *jit;
}

void process_jit_note_code(struct process_jit **jit, pid_t pid)
{
	get(jit, pid);
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

void process_jit_note_dump(struct process_jit **jit, const struct object_mapping *mapping)
{
	struct process_jit *j = get(jit, mapping->pid);
	_cleanup_close_ int fd = object_file_open_mapped(mapping);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || j->nr_dumps == MAX_DUMPS)
		return;
	for (size_t i = 0; i < j->nr_dumps; i++)
		if (is_same_file(&j->dumps[i].identity, &st))
			return;
	j->dumps[j->nr_dumps++] = (struct dump_file){.identity = st, .fd = TAKE_FD(fd)};
}

void process_jit_hold(struct process_jit *jit)
{
	if (jit && jit->has_place)
		perf_map_place_hold(&jit->place);
}

void process_jit_free(struct process_jit *jit)
{
	if (!jit)
		return;
	if (jit->has_place)
		perf_map_place_close(&jit->place);
	perf_map_free(jit->map);
	for (size_t i = 0; i < jit->nr_dumps; i++) {
		close(jit->dumps[i].fd);
		jitdump_free(jit->dumps[i].dump);
	}
	free(jit);
}

static const char *refusal(int err)
{
	switch (err) {
	case -EPERM:
		return "it is no regular file of the process's user";
	case -E2BIG:
		return "it is too large";
	case -EBADMSG:
		return "it is damaged";
	default:
		return strerror(-err);
	}
}

static void read_dump(const struct process_jit *jit, const char *comm, struct dump_file *file)
{
	uid_t uid = jit->has_place ? jit->place.uid : 0;
	int err = jitdump_load(file->fd, uid, &file->dump);

	if (err < 0)
		log_warning("jitdump of process %d (%s) refused: %s", (int)jit->pid, comm,
			    refusal(err));
}

static void read_all(struct process_jit *jit, const char *comm)
{
	int err = -ENOENT;

	jit->is_read = true;
	if (jit->has_place)
		err = perf_map_place_load(&jit->place, &jit->map);
	if (err < 0 && err != -ENOENT)
		log_warning("perf map of process %d (%s) refused: %s", (int)jit->pid, comm,
			    refusal(err));
	for (size_t i = 0; i < jit->nr_dumps; i++)
		read_dump(jit, comm, &jit->dumps[i]);
}

const char *process_jit_find(struct process_jit *jit, const char *comm, uint64_t addr)
{
	struct jitdump_code code;

	if (!jit)
		return NULL;
	if (!jit->is_read)
		read_all(jit, comm);
	/* The last one first: it is that of the present image. */
	for (size_t i = jit->nr_dumps; i-- > 0;)
		if (jit->dumps[i].dump && jitdump_find(jit->dumps[i].dump, addr, &code))
			return code.name;
	return jit->map ? perf_map_find(jit->map, addr, NULL) : NULL;
}
