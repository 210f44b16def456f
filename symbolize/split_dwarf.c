/* SPDX-License-Identifier: MIT */
#include "symbolize/split_dwarf.h"

#include "common/alloc.h"
#include "symbolize/dwarf_package.h"

#include <dwarf.h>
#include <string.h>

/* One opened .dwo or .dwp. */
struct split_file {
	struct elf_image *image;
	struct dwarf_file *file;
};

/* What became of a skeleton. */
struct split_unit {
	bool was_tried;
	struct split_file own; /* its .dwo, unless the unit is in the package */
	struct dwarf_unit *unit;
};

struct split_dwarf {
	struct dwarf_file *file;
	const char *path;
	const char *object_path;
	const struct dwarf_opener *opener;
	pthread_mutex_t opener_lock;
	struct split_unit *units;     /* of each unit of @file; each is one thread's at a time */
	pthread_mutex_t package_lock; /* guards what follows and the package's units */
	bool package_was_tried;
	struct split_file package;
	atomic_size_t nr_missing;
};

struct split_dwarf *split_dwarf_new(struct dwarf_file *file, const char *path,
				    const char *object_path, const struct dwarf_opener *opener)
{
	struct split_dwarf *split = xcalloc(1, sizeof(*split));

	split->file = file;
	split->path = path;
	split->object_path = object_path;
	split->opener = opener;
	split->units = xcalloc(file->nr_units, sizeof(*split->units));
	pthread_mutex_init(&split->opener_lock, NULL);
	pthread_mutex_init(&split->package_lock, NULL);
	return split;
}

static void close_file(struct split_file *file)
{
	dwarf_file_free(file->file);
	elf_image_close(file->image);
	*file = (struct split_file){0};
}

void split_dwarf_free(struct split_dwarf *split)
{
	if (!split)
		return;
	for (size_t i = 0; i < split->file->nr_units; i++)
		close_file(&split->units[i].own);
	close_file(&split->package);
	free(split->units);
	pthread_mutex_destroy(&split->package_lock);
	pthread_mutex_destroy(&split->opener_lock);
	free(split);
}

/* Opens @path as split DWARF; takes @path. */
static bool open_file(struct split_dwarf *split, char *path, struct split_file *ret_file)
{
	_cleanup_free_ char *owned = path;
	_cleanup_close_ int fd = -1;
	struct split_file file = {0};

	pthread_mutex_lock(&split->opener_lock);
	fd = split->opener->open(split->opener->arg, owned);
	pthread_mutex_unlock(&split->opener_lock);
	if (fd < 0 || elf_image_open_fd(fd, &file.image) < 0)
		return false;
	if (dwarf_file_open(file.image, true, split->file->budget, &file.file) < 0) {
		close_file(&file);
		return false;
	}
	file.file->alt = split->file->alt;
	*ret_file = file;
	return true;
}

/* DWARF 4's split units have their id among the root's attributes, where it takes reading. */
static struct dwarf_unit *find_by_id(const struct dwarf_file *file,
				     const struct dwarf_unit *skeleton)
{
	for (size_t i = 0; i < file->nr_units; i++) {
		struct dwarf_unit *unit = &file->units[i];

		if (unit->type == DW_UT_type || unit->type == DW_UT_split_type)
			continue;
		if (unit->id && unit->id != skeleton->id)
			continue;
		unit->skeleton = skeleton;
		if (dwarf_unit_load(unit) == 0 && unit->id == skeleton->id)
			return unit;
	}
	return NULL;
}

/* In the package, where units have their id by the index. */
static struct dwarf_unit *find_in_package(struct split_dwarf *split,
					  const struct dwarf_unit *skeleton)
{
	const struct dwarf_file *file = split->package.file;

	if (!file || !dwarf_budget_take(file->budget, file->nr_units))
		return NULL;
	for (size_t i = 0; i < file->nr_units; i++) {
		struct dwarf_unit *unit = &file->units[i];

		if (unit->id != skeleton->id)
			continue;
		unit->skeleton = skeleton;
		return dwarf_unit_load(unit) == 0 ? unit : NULL;
	}
	return NULL;
}

static void open_package(struct split_dwarf *split)
{
	if (split->package_was_tried)
		return;
	split->package_was_tried = true;
	if (!open_file(split, xasprintf("%s.dwp", split->object_path), &split->package) &&
	    !open_file(split, xasprintf("%s.dwp", split->path), &split->package))
		return;
	if (dwarf_package_index(split->package.file) < 0)
		close_file(&split->package);
}

static char *beside(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');
	const char *last = strrchr(name, '/');

	return xasprintf("%.*s%s", slash ? (int)(slash + 1 - path) : 0, path,
			 last ? last + 1 : name);
}

/* Where the compiler wrote it, then beside the object: build trees move. */
static bool open_own(struct split_dwarf *split, const struct dwarf_unit *skeleton,
		     struct split_file *ret_file)
{
	const char *name = skeleton->dwo_name;
	const char *dir = skeleton->comp_dir;
	char *path = name[0] == '/' || !dir ? xstrdup(name) : xasprintf("%s/%s", dir, name);

	return open_file(split, path, ret_file) ||
	       open_file(split, beside(split->object_path, name), ret_file) ||
	       open_file(split, beside(split->path, name), ret_file);
}

static struct dwarf_unit *find_unit(struct split_dwarf *split, struct split_unit *entry,
				    const struct dwarf_unit *skeleton)
{
	struct dwarf_unit *unit;

	pthread_mutex_lock(&split->package_lock);
	open_package(split);
	unit = find_in_package(split, skeleton);
	pthread_mutex_unlock(&split->package_lock);
	if (unit || !open_own(split, skeleton, &entry->own))
		return unit;
	return find_by_id(entry->own.file, skeleton);
}

struct dwarf_unit *split_dwarf_find(struct split_dwarf *split, struct dwarf_unit *skeleton)
{
	struct split_unit *entry = &split->units[skeleton - split->file->units];

	if (entry->was_tried)
		return entry->unit;
	entry->was_tried = true;
	entry->unit = find_unit(split, entry, skeleton);
	if (!entry->unit)
		split->nr_missing++;
	return entry->unit;
}

size_t split_dwarf_nr_missing(const struct split_dwarf *split)
{
	return split->nr_missing;
}
