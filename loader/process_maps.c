/* SPDX-License-Identifier: MIT */
#include "loader/process_maps.h"

#include "common/cleanup.h"
#include "common/maps.h"
#include "loader/object_set.h"

#include <stdio.h>

struct file_search {
	const struct object *object;
	bool found;
};

static int take_searched(const struct maps_entry *entry, void *arg)
{
	struct file_search *search = arg;

	search->found = search->found || (entry->inode == search->object->inode &&
					  entry->dev_major == search->object->dev_major &&
					  entry->dev_minor == search->object->dev_minor);
	return 0;
}

bool process_maps_file(pid_t pid, const struct object *object)
{
	struct file_search search = {.object = object};
	_cleanup_fclose_ FILE *f = NULL;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	f = fopen(path, "re");
	/* Of a process that is gone nobody knows better. */
	return !f || maps_parse(f, take_searched, &search) < 0 || search.found;
}
