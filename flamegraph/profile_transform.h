/* SPDX-License-Identifier: MIT */
/* Another profile of the same stacks: reversed, re-rooted, recursion or inlined frames folded. */
#ifndef CTRACE_FLAMEGRAPH_PROFILE_TRANSFORM_H
#define CTRACE_FLAMEGRAPH_PROFILE_TRANSFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct profile;

/* How far the root frame tells apart who ran: "comm-12/34" may become "comm-12" or "comm", or go.
 */
enum profile_grouping { GROUP_AS_IS, GROUP_BY_PROCESS, GROUP_BY_COMM, GROUP_BY_NOTHING };

struct profile_transform {
	enum profile_grouping grouping;
	bool reverse;		 /* leaf first: who calls it */
	bool collapse_recursion; /* a function that calls itself at once is one frame */
	bool no_inlined;	 /* inlined frames count for what they were inlined into */
	/* Files and lines do not tell frames apart; each function has those of its heaviest. */
	bool by_function;
	const char *const *bases; /* stacks begin at the outermost of these; those without go */
	size_t nr_bases;
	const char *const *skip_after; /* callers of the innermost of these are left out */
	size_t nr_skip_after;
};

/* A new, finished profile; its info block is that of @profile.  *ret_dropped, if not NULL, is the
 * value of stacks that no base is in. */
struct profile *profile_transformed(const struct profile *profile,
				    const struct profile_transform *transform,
				    uint64_t *ret_dropped);

/* Are there frames that only file or line tell apart? */
bool profile_has_lines(const struct profile *profile);

#endif
