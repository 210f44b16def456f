/* SPDX-License-Identifier: MIT */
/* The text of /proc/PID/maps as records.  Parses only; opens no process. */
#ifndef CTRACE_COMMON_MAPS_H
#define CTRACE_COMMON_MAPS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define MAPS_MAX_LINES 1000000 /* vm.max_map_count defaults to 65530 */

struct maps_entry {
	uint64_t start;
	uint64_t end;
	uint64_t off;
	uint64_t inode;
	uint32_t dev_major;
	uint32_t dev_minor;
	bool read, write, exec, shared;
	bool deleted;	  /* the kernel appended " (deleted)"; it is taken off the path */
	const char *path; /* "" if anonymous; "[vdso]", "[uprobes]", "//anon" as the kernel says;
			     octal escapes (\012) undone; valid during the callback */
};

/*
 * Calls @fn for every line; a return other than 0 ends the reading and is passed on.
 * 0, -EBADMSG for a line that is no mapping, -E2BIG over MAPS_MAX_LINES.
 */
int maps_parse(FILE *file, int (*fn)(const struct maps_entry *entry, void *arg), void *arg);

#endif
