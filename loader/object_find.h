/* SPDX-License-Identifier: MIT */
/*
 * Finds the file a short object name means ("libc", "libc.so.6", "python3"): among the target's
 * own mapped files, in the loader's cache and directories, in PATH.
 */
#ifndef CTRACE_LOADER_OBJECT_FIND_H
#define CTRACE_LOADER_OBJECT_FIND_H

#include <sys/types.h>

/*
 * A descriptor for reading it, and where it was found (to be freed).  @name NULL: the program
 * @pid executes; @pid -1: no target.  A name with a '/' is a path.  -ENOENT: found nowhere;
 * -EINVAL: a path to what is no regular file; others as open() gave them.
 */
int object_find(const char *name, pid_t pid, char **ret_path);

/* Is @file (no directories) what people mean by @name?  "libc" is "libc.so.6" and "libc-2.31.so".
 */
int object_name_matches(const char *file, const char *name);

#endif
