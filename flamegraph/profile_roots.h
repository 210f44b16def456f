/* SPDX-License-Identifier: MIT */
/*
 * A profile cut into what formats keep apart: processes or threads, as its outermost frames tell.
 * A profile whose stacks do not begin with such marks is one root, "all".
 */
#ifndef CTRACE_FLAMEGRAPH_PROFILE_ROOTS_H
#define CTRACE_FLAMEGRAPH_PROFILE_ROOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct profile;

struct profile_root {
	const char *name;  /* as recorded: "comm", "comm-12", "comm-12/34"; borrowed */
	char *comm;	   /* without the numbers */
	const char *probe; /* in a recording of several, else NULL; borrowed */
	uint32_t pid, tid; /* 0 = not told */
	uint32_t node;	   /* below it are the stacks; 0 = everything */
	uint32_t end;	   /* in preorder: the first node that is not below */
	size_t depth;	   /* marks to leave out of a stack's beginning */
	uint64_t total;
};

struct profile_root *profile_roots(const struct profile *profile, size_t *ret_nr);
void profile_roots_free(struct profile_root *roots, size_t nr);

#endif
