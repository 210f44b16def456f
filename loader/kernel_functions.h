/* SPDX-License-Identifier: MIT */
/* Names of the kernel's functions, by what they can be probed with. */
#ifndef CTRACE_LOADER_KERNEL_FUNCTIONS_H
#define CTRACE_LOADER_KERNEL_FUNCTIONS_H

#include <stdbool.h>

enum kernel_function_set {
	KERNEL_FUNCTIONS_ALL,  /* /proc/kallsyms: what kprobes may take */
	KERNEL_FUNCTIONS_BTF,  /* with BTF: what fentry may take */
	KERNEL_FUNCTIONS_HOOK, /* with BTF and a hook at the entry: what fentry does take; as BTF
				  where tracefs does not tell */
};

/*
 * Calls @fn for every function of the set whose name matches @pattern (exact or a glob), each name
 * once or more; a positive return ends it.  Returns the number of matches; -EACCES: the names
 * cannot be read; -ENODEV: kernel without BTF.
 */
int kernel_functions_match(enum kernel_function_set set, const char *pattern,
			   int (*fn)(const char *name, void *arg), void *arg);

#endif
