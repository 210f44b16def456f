/* SPDX-License-Identifier: MIT */
/*
 * Split DWARF: finds the unit a skeleton stands for, in its .dwo file or in the package beside the
 * object.  Files are kept open, for answers borrow from them.
 */
#ifndef CTRACE_SYMBOLIZE_SPLIT_DWARF_H
#define CTRACE_SYMBOLIZE_SPLIT_DWARF_H

#include "symbolize/dwarf_file.h"

struct split_dwarf;

/* Opens files that DWARF refers to by name. */
struct dwarf_opener {
	/* A descriptor, or a negative errno; called by one thread at a time. */
	int (*open)(const void *arg, const char *path);
	const void *arg;
};

/*
 * For the skeletons of @file, which was read from @path and belongs to the object at
 * @object_path; all borrowed, as is @opener.
 */
struct split_dwarf *split_dwarf_new(struct dwarf_file *file, const char *path,
				    const char *object_path, const struct dwarf_opener *opener);
void split_dwarf_free(struct split_dwarf *split);
DEFINE_CLEANUP(struct split_dwarf *, split_dwarf_free);

/*
 * The loaded split unit of @skeleton, NULL if it is missing or damaged.  Different skeletons may
 * be asked for by different threads.
 */
struct dwarf_unit *split_dwarf_find(struct split_dwarf *split, struct dwarf_unit *skeleton);
/* Skeletons whose unit was wanted and not found. */
size_t split_dwarf_nr_missing(const struct split_dwarf *split);

#endif
