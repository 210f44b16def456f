/* SPDX-License-Identifier: MIT */
/*
 * Which library answers for a name in a process: the first in the loader's order that exports it
 * (an allocator that is preloaded goes before libc).  Reads a stopped process; trusts none of it.
 */
#ifndef CTRACE_LOADER_SYMBOL_RIVAL_H
#define CTRACE_LOADER_SYMBOL_RIVAL_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * The path of the object that exports function @name and is asked for it before the one at @path
 * in process @pid; to be freed.  NULL: there is none, or nobody can tell.
 */
char *symbol_rival_find(pid_t pid, const char *path, const char *name);

/* Does the open file export a function @name? */
bool symbol_rival_exports(int fd, const char *name);

#endif
