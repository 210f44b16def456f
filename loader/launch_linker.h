/* SPDX-License-Identifier: MIT */
/*
 * The place in a program's dynamic linker where debuggers are told what is mapped (r_debug's
 * r_brk, in glibc and musl alike).  Found in the memory of the process, so it does not matter by
 * which name the linker was started.  Reads only.
 */
#ifndef CTRACE_LOADER_LAUNCH_LINKER_H
#define CTRACE_LOADER_LAUNCH_LINKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct launch_linker {
	uint64_t hook;		   /* address of the empty function it calls */
	uint64_t debug;		   /* of its struct r_debug, or */
	uint64_t pointer_to_debug; /* of a pointer to it; 0 where the other is known */
};

/*
 * Of a process in its exec stop whose linker is mapped at @base (AT_BASE).  -ENOENT: it has no
 * such place, as programs without a linker (@base 0); -EBADMSG: damaged; errors of reading memory.
 */
int launch_linker_find(pid_t pid, uint64_t base, struct launch_linker *ret_linker);

/*
 * Stopped at the hook: is every object mapped?  True where that cannot be told.
 */
bool launch_linker_has_mapped(pid_t pid, const struct launch_linker *linker);

#endif
