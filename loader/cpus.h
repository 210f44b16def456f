/* SPDX-License-Identifier: MIT */
/* Which CPUs there are, in the kernel's spelling of lists: "0-3,5". */
#ifndef CTRACE_LOADER_CPUS_H
#define CTRACE_LOADER_CPUS_H

#include <stddef.h>

#define CPUS_MAX 8192 /* NR_CPUS of the largest kernels */

/*
 * Ascending, each once, at least one, to be freed.  -EINVAL: no such list; -ERANGE: a number that
 * is not below CPUS_MAX, or a range that runs backwards.
 */
int cpus_parse(const char *text, int **ret_cpus, size_t *ret_nr);
/* Those that are online now. */
int cpus_online(int **ret_cpus, size_t *ret_nr);

#endif
