/* SPDX-License-Identifier: MIT */
/*
 * Which function a name that is chosen at run time (STT_GNU_IFUNC: glibc's memcpy) stands for on
 * this CPU.  Runs nobody's code: looks at what the loader of a stopped process has written down, or
 * at what it chose for ctrace itself.
 */
#ifndef CTRACE_LOADER_IFUNC_TARGET_H
#define CTRACE_LOADER_IFUNC_TARGET_H

#include <stdint.h>
#include <sys/types.h>

struct object_code;

/*
 * The vaddr of what the resolver at @resolver of function @name chose, for process @pid (-1: none).
 * -ENOENT: nothing tells.
 */
int ifunc_target_find(const struct object_code *code, const char *name, uint64_t resolver,
		      pid_t pid, uint64_t *ret_vaddr);

#endif
