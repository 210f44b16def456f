/* SPDX-License-Identifier: MIT */
/* CPU lists as the kernel writes them: "0-3,8". */
#ifndef CTRACE_CLI_CPU_LIST_H
#define CTRACE_CLI_CPU_LIST_H

#include <stddef.h>

/*
 * The CPUs of @text, ascending, each once, to be freed by the caller.  -EINVAL: no such list;
 * -ERANGE: a number not below @nr_cpus, or a range that runs backwards.
 */
int cpu_list_parse(const char *text, unsigned int nr_cpus, int **ret_cpus, size_t *ret_nr);

#endif
