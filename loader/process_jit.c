/* SPDX-License-Identifier: MIT */
#include "loader/process_jit.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "loader/object_file.h"
#include "loader/object_set.h"
#include "loader/time.h"
#include "symbolize/jitdump.h"
#include "symbolize/perf_map.h"
#include "symbolize/perf_map_place.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_DUMPS 16 /* of one image; a runtime has one */

struct dump_file {
	struct stat identity; /* every mapping of it is reported */
	int fd;
	struct jitdump *dump;
};

/* What one image of the process tells. */
struct jit_image {
	uint32_t execs;
	bool has_place;
	bool is_read;
	struct perf_map_place place;
	struct perf_map *map;
	struct dump_file dumps[MAX_DUMPS];
	size_t nr_dumps;
	uint64_t timed_since_ns; /* when the first of them was mapped */
	struct jit_image *older;
};

struct process_jit {
	pid_t pid;
	struct jit_image *latest;
};

static const struct jit_image *find_image(const struct process_jit *jit, uint32_t execs)
{
	const struct jit_image *image = jit ? jit->latest : NULL;

	while (image && image->execs != execs)
		image = image->older;
	return image;
}

/* The image @execs, made if it is a new one. */
static struct jit_image *get(struct process_jit **jit, pid_t pid, uint32_t execs)
{
	struct jit_image *image;

	if (!*jit) {
		*jit = xcalloc(1, sizeof(**jit));
		(*jit)->pid = pid;
	}
	for (image = (*jit)->latest; image; image = image->older)
		if (image->execs == execs)
			return image;
	image = xcalloc(1, sizeof(*image));
	image->execs = execs;
	image->has_place = perf_map_place_open(pid, &image->place) == 0;
	image->older = (*jit)->latest;
	(*jit)->latest = image;
	return image;
}

void process_jit_note_code(struct process_jit **jit, pid_t pid, uint32_t execs)
{
	struct jit_image *image = get(jit, pid, execs);

	if (image->has_place)
		perf_map_place_refresh(&image->place);
	else
		image->has_place = perf_map_place_open(pid, &image->place) == 0;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

void process_jit_note_dump(struct process_jit **jit, const struct object_mapping *mapping,
			   uint32_t execs)
{
	struct jit_image *image = get(jit, mapping->pid, execs);
	_cleanup_close_ int fd = object_file_open_mapped(mapping);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || image->nr_dumps == MAX_DUMPS)
		return;
	for (size_t i = 0; i < image->nr_dumps; i++)
		if (is_same_file(&image->dumps[i].identity, &st))
			return;
	if (!image->nr_dumps)
		image->timed_since_ns = time_now_ns();
	image->dumps[image->nr_dumps++] = (struct dump_file){.identity = st, .fd = TAKE_FD(fd)};
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

static void read_dump(const struct process_jit *jit, const struct jit_image *image,
		      const char *comm, struct dump_file *file)
{
	uid_t uid = image->has_place ? perf_map_place_owner(&image->place, file->fd) : 0;
	int err = jitdump_load(file->fd, uid, &file->dump);

	if (err < 0)
		log_warning("jitdump of process %d (%s) refused: %s", (int)jit->pid, comm,
			    refusal(err));
}

static void read_image(const struct process_jit *jit, struct jit_image *image, const char *comm)
{
	int err = -ENOENT;

	if (image->is_read)
		return;
	image->is_read = true;
	if (image->has_place)
		err = perf_map_place_load(&image->place, &image->map);
	if (err < 0 && err != -ENOENT)
		log_warning("perf map of process %d (%s) refused: %s", (int)jit->pid, comm,
			    refusal(err));
	for (size_t i = 0; i < image->nr_dumps; i++)
		read_dump(jit, image, comm, &image->dumps[i]);
}

/* Does a map lie under the process's number, where it is known by that? */
static bool has_map(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/root/tmp/perf-%d.map", (int)pid, (int)pid);
	return access(path, F_OK) == 0;
}

void process_jit_note_exec(struct process_jit **jit, pid_t pid, const char *comm, uint32_t execs,
			   uint64_t time_ns)
{
	struct jit_image *image;

	/* Most processes have nothing to do with any of this. */
	if (!*jit && !has_map(pid))
		return;
	if (*jit && (*jit)->latest)
		read_image(*jit, (*jit)->latest, comm);
	image = get(jit, pid, execs);
	if (image->has_place)
		perf_map_place_begin(&image->place, time_ns);
}

void process_jit_refresh(struct process_jit *jit)
{
	if (jit->latest && jit->latest->has_place)
		perf_map_place_refresh(&jit->latest->place);
}

void process_jit_hold(struct process_jit *jit)
{
	if (jit && jit->latest && jit->latest->has_place)
		perf_map_place_hold(&jit->latest->place);
}

static void free_image(struct jit_image *image)
{
	if (image->has_place)
		perf_map_place_close(&image->place);
	perf_map_free(image->map);
	for (size_t i = 0; i < image->nr_dumps; i++) {
		close(image->dumps[i].fd);
		jitdump_free(image->dumps[i].dump);
	}
	free(image);
}

void process_jit_free(struct process_jit *jit)
{
	if (!jit)
		return;
	while (jit->latest) {
		struct jit_image *older = jit->latest->older;

		free_image(jit->latest);
		jit->latest = older;
	}
	free(jit);
}

uint64_t process_jit_timed_since(const struct process_jit *jit, uint32_t execs)
{
	const struct jit_image *image = find_image(jit, execs);

	return image ? image->timed_since_ns : 0;
}

const char *process_jit_find(struct process_jit *jit, const char *comm, uint32_t execs,
			     uint64_t time_ns, uint64_t addr)
{
	struct jitdump_code code;
	struct jit_image *image = jit ? jit->latest : NULL;

	while (image && image->execs != execs)
		image = image->older;
	if (!image)
		return NULL;
	read_image(jit, image, comm);
	for (size_t i = image->nr_dumps; i-- > 0;)
		if (image->dumps[i].dump &&
		    jitdump_find(image->dumps[i].dump, addr, time_ns, &code))
			return code.name;
	return image->map ? perf_map_find(image->map, addr, NULL) : NULL;
}
