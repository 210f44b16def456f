/* SPDX-License-Identifier: MIT */
/* Where a program lies that the user behind sudo has in PATH and we have not.  Only looks. */
#ifndef CTRACE_LOADER_LAUNCH_PATH_H
#define CTRACE_LOADER_LAUNCH_PATH_H

/*
 * The path of @program, which our PATH does not have, in that of the user behind sudo or doas: as
 * it was when they called sudo, or where programs of one's own usually are.  To be freed; NULL:
 * nobody is behind us, or there is none.
 */
char *launch_path_of_user(const char *program);

#endif
