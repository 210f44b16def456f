/* SPDX-License-Identifier: MIT */
/*
 * Opening files as a target sees them: a path inside its root directory, where neither ".." nor an
 * absolute symbolic link leads out to the host's files.
 */
#ifndef CTRACE_SYMBOLIZE_ROOT_OPEN_H
#define CTRACE_SYMBOLIZE_ROOT_OPEN_H

/*
 * A read-only descriptor of the regular file @path below @root (NULL: the host's).  Negative errno
 * as open() gave it; -EINVAL: no regular file; -ENOSYS: @root given to a kernel before 5.6.
 */
int root_open(const char *root, const char *path);

#endif
