/* SPDX-License-Identifier: MIT */
/*
 * Where a program's name leads by PATH.  For messages and for choosing what a word means: who
 * executes a program lets the kernel find it.
 */
#ifndef CTRACE_COMMON_PATH_SEARCH_H
#define CTRACE_COMMON_PATH_SEARCH_H

/*
 * The first executable regular file of @name in PATH; @name itself if it holds a slash.  @ret_path
 * is to be freed.  -ENOENT: there is none.
 */
int path_search(const char *name, char **ret_path);

#endif
